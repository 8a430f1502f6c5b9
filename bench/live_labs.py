"""Labs that pull and act, as many browsers would: the load for bench/live.py.

A lab is watched by one socket that keeps two seconds ahead of a playhead running in real time and acts every
4 s ± 2. What is measured is the time from sending an act to having its cut, and the bytes that arrive."""

from __future__ import annotations

import asyncio
import random
import zlib
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import ClientConnection, connect

HORIZON_US = 2_000_000
ACT_EVERY_S = 4.0
ACT_JITTER_S = 2.0


class Heard(msgspec.Struct):
    """What a player needs of any frame."""

    op: str
    id: str = ""
    future: str = ""
    code: str = ""
    to: tuple[int, int] = (0, 0)


_heard = msgspec.json.Decoder(Heard)


@dataclass
class Tally:
    """Over all labs, while measuring: ms from act to cut, bytes and frames received, refusals by code."""

    measuring: bool = False
    cut_ms: list[float] = field(default_factory=list)
    received_bytes: int = 0
    frames: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Player:
    """One lab and the one who watches it."""

    def __init__(
        self, recording: str, cookie: str, tally: Tally, chance: random.Random, *, acting: bool = True
    ) -> None:
        self._acting_at_all = acting
        self._recording = recording
        self._cookie = cookie
        self._tally = tally
        self._chance = chance
        self._future = "0"
        self._buffered = (0, 0)
        self._asked = 0
        self._acting = ""
        self._sent = 0.0
        self._acts = 0
        self._last = 0

    async def play(self, url: str, origin: str, until: float) -> None:
        """Join, then pull and act up to `until` on the loop's clock."""
        headers = {"Cookie": f"mqlab_session={self._cookie}"}
        async with connect(
            url, origin=origin, additional_headers=headers, compression=None, max_size=None
        ) as socket:  # type: ignore[arg-type]
            await socket.send(f'{{"op":"join","join":0,"recording":"{self._recording}"}}')
            await self._hear(await socket.recv())
            loop = asyncio.get_running_loop()
            self._begun = loop.time()
            act_at = self._begun + self._chance.uniform(0, ACT_EVERY_S) if self._acting_at_all else until
            reader = asyncio.create_task(self._read(socket))
            while (now := loop.time()) < until:
                playhead = int((now - self._begun) * 1e6)
                if now >= act_at and not self._acting:
                    act_at = now + self._chance.uniform(
                        ACT_EVERY_S - ACT_JITTER_S, ACT_EVERY_S + ACT_JITTER_S
                    )
                    await self._act(socket, playhead)
                elif not self._acting and self._asked <= self._buffered[0] < playhead + HORIZON_US:
                    self._asked = self._buffered[0] + 1
                    t, i = self._buffered
                    await socket.send(
                        f'{{"op":"more","join":0,"future":"{self._future}","after":[{t},{i}],"until":{self._asked}}}'
                    )
                due = self._begun + (self._buffered[0] - HORIZON_US) / 1e6
                await asyncio.sleep(max(0.02, min(due, act_at) - loop.time()) if not self._acting else 0.02)
            reader.cancel()

    async def _act(self, socket: ClientConnection, playhead: int) -> None:
        self._acts += 1
        self._acting = f"a{self._acts}"
        t = max(playhead, self._last + 1)
        self._last = t
        self._sent = asyncio.get_running_loop().time()
        await socket.send(
            f'{{"op":"do","join":0,"id":"{self._acting}","future":"{self._future}","at":[{t},0],"ahead":500000,'
            '"command":{"do":"publish","exchange":"orders","routing_key":"order.eu"}}'
        )

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            await self._hear(frame)

    async def _hear(self, frame: str | bytes) -> None:
        now = asyncio.get_running_loop().time()
        tally = self._tally
        if tally.measuring:
            tally.received_bytes += len(frame) + (2 if len(frame) < 126 else 4)
            tally.frames += 1
        heard = _heard.decode(frame if isinstance(frame, str) else zlib.decompress(frame, -zlib.MAX_WBITS))
        if heard.op == "cut" and heard.id == self._acting:
            if tally.measuring:
                tally.cut_ms.append((now - self._sent) * 1_000)
            self._future, self._buffered, self._acting, self._asked = heard.id, heard.to, "", 0
        elif heard.op == "stretch" and heard.future == self._future and not self._acting:
            self._buffered = max(self._buffered, heard.to)
        elif heard.op in ("no", "bye"):
            tally.refused[heard.code] = tally.refused.get(heard.code, 0) + 1
            self._acting, self._asked = "", 0


async def play_all(
    url: str,
    origin: str,
    labs: list[tuple[str, str]],
    warm_s: float,
    measured_s: float,
    seed: int = 1,
    *,
    acting: bool = True,
) -> Tally:
    """All labs (recording, session cookie) at once, joined one after the other; what was measured."""
    tally, loop, chance = Tally(), asyncio.get_running_loop(), random.Random(seed)
    join_s = len(labs) / 200
    start = loop.time() + join_s
    end = start + warm_s + measured_s
    tasks = []
    for recording, cookie in labs:
        player = Player(recording, cookie, tally, random.Random(chance.random()), acting=acting)
        tasks.append(asyncio.create_task(player.play(url, origin, end)))
        await asyncio.sleep(1 / 200)
    await asyncio.sleep(max(0.0, start + warm_s - loop.time()))
    tally.measuring = True
    await asyncio.sleep(max(0.0, end - loop.time()))
    tally.measuring = False
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for failed in (result for result in done if isinstance(result, BaseException)):
        name = type(failed).__name__
        tally.refused[name] = tally.refused.get(name, 0) + 1
    return tally
