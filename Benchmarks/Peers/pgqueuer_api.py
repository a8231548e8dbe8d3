"""The API on pgqueuer: bare RSGI without validation. One statement stores all submissions of a batch."""

import os

import asyncpg
import orjson
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.queries import Queries

from coalescer import Coalescer

JSON = [("content-type", "application/json")]
UNKNOWN = b'{"status":"queued"}'


class Application:
    def __rsgi_init__(self, loop):
        loop.run_until_complete(self.start())

    async def start(self):
        self.pool = await asyncpg.create_pool(
            host=os.environ["BENCH_PGHOST"], user="millrace", database="millrace", min_size=4, max_size=4,
            server_settings={"plan_cache_mode": "force_custom_plan"})
        self.queries = Queries(AsyncpgPoolDriver(self.pool))
        self.submissions = Coalescer(self.enqueue)
        self.lookups = Coalescer(self.look_up)

    async def enqueue(self, bodies):
        return await self.queries.enqueue(["sha256"] * len(bodies), bodies, [0] * len(bodies))

    async def look_up(self, ids):
        rows = await self.pool.fetch("SELECT job_id, hash FROM bench_result WHERE job_id = ANY ($1::bigint[])", ids)
        found = {row[0]: row[1] for row in rows}
        return [found.get(job) for job in ids]

    async def __rsgi__(self, scope, protocol):
        if scope.method == "POST":
            body = await protocol()
            orjson.loads(body)["string"]
            job = await self.submissions.add(body)
            protocol.response_bytes(202, JSON, b'{"task_id":"%d","status":"queued"}' % job)
        elif scope.path.startswith("/task/"):
            value = await self.lookups.add(int(scope.path[6:]))
            body = UNKNOWN if value is None else b'{"status":"completed","result":{"hash":"%b"}}' % value.encode()
            protocol.response_bytes(200, JSON, body)
        else:
            left = await self.pool.fetchval("SELECT count(*) FROM pgqueuer")
            protocol.response_bytes(200, JSON, b'{"unfinished":"%d"}' % left)


application = Application()
