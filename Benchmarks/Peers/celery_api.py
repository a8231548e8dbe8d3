"""The API on Celery: bare RSGI without validation. Publishing a task blocks its process, so there are two processes."""

import orjson
import redis

from celery_app import SOCKET, sha256

JSON = [("content-type", "application/json")]
store = redis.Redis(unix_socket_path=SOCKET)


async def application(scope, protocol):
    if scope.method == "POST":
        body = await protocol()
        task = sha256.apply_async((orjson.loads(body)["string"],))
        protocol.response_bytes(202, JSON, b'{"task_id":"%b","status":"queued"}' % task.id.encode())
    elif scope.path.startswith("/task/"):
        value = store.get("celery-task-meta-" + scope.path[6:])
        state = orjson.loads(value) if value else {}
        body = b'{"status":"queued"}'
        if state.get("status") == "SUCCESS":
            body = b'{"status":"completed","result":{"hash":"%b"}}' % state["result"].encode()
        protocol.response_bytes(200, JSON, body)
    else:
        left = store.llen("celery") + store.hlen("unacked")
        protocol.response_bytes(200, JSON, b'{"unfinished":"%d"}' % left)
