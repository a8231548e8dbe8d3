"""Items that arrive while a batch is stored form the next batch, as in Millrace's nodes."""

import asyncio


class Coalescer:
    def __init__(self, store):
        """store(items) returns one answer for each item."""
        self.store = store
        self.waiting = []
        self.task = None

    def add(self, item):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((item, future))
        if self.task is None:
            self.task = asyncio.create_task(self.run())
        return future

    async def run(self):
        while self.waiting:
            batch, self.waiting = self.waiting, []
            try:
                answers = await self.store([item for item, _ in batch])
            except Exception as error:
                for _, future in batch:
                    future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers):
                future.set_result(answer)
        self.task = None
