"""A member of the group in a process of its own, to be frozen: prints `owned` and a JSON list, among its logs.

python -m tests.integration.stream.group_member BOOTSTRAP GROUP FEEDS_TOPIC WORKER_ID
"""

import asyncio
import json
import sys

from tests.integration.stream.conftest import settings_for
from workers.settings.kafka import TopicNames
from workers.stream.ownership import Ownership


class Printing:
    async def on_revoked(self):
        pass

    def on_owned(self, owned):
        print("owned", json.dumps(sorted(owned)), flush=True)

    def on_definition(self, shard, key, value, offset, written):
        pass

    def on_caught_up(self, shard):
        pass


if __name__ == "__main__":
    bootstrap, group, feeds, worker_id = sys.argv[1:]
    names = TopicNames(feeds=feeds)
    asyncio.run(Ownership(settings_for(bootstrap, group), names, worker_id=worker_id, listener=Printing()).run())
