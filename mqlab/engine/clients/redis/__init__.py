"""Redis with redis-py's verbs (facade.py), and the programs of a lab that talk to it."""

from mqlab.engine.clients.redis.exceptions import ConnectionError as ConnectionError  # noqa: A004 - redis-py's name
from mqlab.engine.clients.redis.exceptions import RedisError as RedisError
from mqlab.engine.clients.redis.exceptions import ReentrantCall as ReentrantCall
from mqlab.engine.clients.redis.exceptions import ResponseError as ResponseError
from mqlab.engine.clients.redis.facade import PubSub as PubSub
from mqlab.engine.clients.redis.facade import Redis as Redis
