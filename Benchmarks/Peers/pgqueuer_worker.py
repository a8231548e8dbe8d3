"""The worker on pgqueuer. With `install` it creates the tables and ends."""

import asyncio
import hashlib
import os
import signal
import sys
from datetime import timedelta

import asyncpg
import orjson
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.queries import Queries

from coalescer import Coalescer

PLACE = dict(
    host=os.environ["BENCH_PGHOST"], user="millrace", database="millrace",
    server_settings={"plan_cache_mode": "force_custom_plan"})


async def install():
    connection = await asyncpg.connect(**PLACE)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.execute("CREATE TABLE bench_result (job_id bigint PRIMARY KEY, hash text NOT NULL)")


async def work():
    results = await asyncpg.connect(**PLACE)
    pool = await asyncpg.create_pool(**PLACE, min_size=4, max_size=4)
    worker = PgQueuer(AsyncpgPoolDriver(pool))

    async def store(rows):
        await results.execute(
            "INSERT INTO bench_result SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING",
            [row[0] for row in rows], [row[1] for row in rows])
        return rows

    stored = Coalescer(store)

    @worker.entrypoint("sha256")
    async def sha256(job):
        await stored.add((job.id, hashlib.sha256(orjson.loads(job.payload)["string"].encode()).hexdigest()))

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.shutdown.set)
    await worker.run(batch_size=200, dequeue_timeout=timedelta(seconds=1))


uvloop.run(install() if sys.argv[1:] == ["install"] else work())
