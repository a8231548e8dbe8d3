"""The application and the worker of Celery, with Redis for messages and results."""

import hashlib
import os

from celery import Celery

SOCKET = os.environ["BENCH_REDIS"]
app = Celery("bench", broker=f"redis+socket://{SOCKET}", backend=f"redis+socket://{SOCKET}?virtual_host=0")
app.conf.update(
    task_acks_late=True, worker_prefetch_multiplier=64, task_serializer="json", accept_content=["json"],
    result_serializer="json", result_expires=3600, task_send_sent_event=False, worker_send_task_events=False,
    task_publish_retry=False, broker_pool_limit=4, worker_hijack_root_logger=False)


@app.task(name="sha256")
def sha256(string):
    return hashlib.sha256(string.encode()).hexdigest()
