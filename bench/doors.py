"""CPU of one fetch over each door, in this process alone: what the HTTP client costs a poll.

    python -m bench.doors [--hosts 300] [--documents FOLDER] [--rounds 5]

Each host serves one document on a loopback address of its own, gzipped. `cold` fetches all documents, `unchanged` asks all hosts again and
gets a 304 over a new connection (there are more hosts than a client keeps connections), `kept` asks one host as often, over kept ones.
Doors are interleaved in each round, with one thread and with as many as the poller has. One JSON object is printed: medians of the
rounds, in microseconds of this process's CPU a fetch; what the server costs is not counted.
"""

import argparse
import json
import resource
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aggregator.collect.fetch import WebFetcher
from aggregator.model import Client, Document, FeedSpec, JsonValue, Unchanged, Validators
from aggregator.run.poller import WORKERS
from bench.corpus import Given
from bench.loopback import LoopbackSite, Reply
from bench.peers import DOCUMENTS, sample

CLIENTS: tuple[Client, ...] = ("requests", "curl")
_Got = Document | Unchanged


def fetcher_of(client: Client) -> WebFetcher:
    return WebFetcher(user_agent="aggregator-bench/1", client=client)


def passes(client: Client, specs: Sequence[FeedSpec], threads: int) -> dict[str, float]:
    """CPU seconds of a fetch in each pass."""
    with ThreadPoolExecutor(threads) as pool:

        def all_of(fetcher: WebFetcher, held: Sequence[Validators]) -> list[_Got]:
            return list(pool.map(lambda one: fetcher.fetch(one[0], one[1], None), zip(specs, held, strict=True)))

        nothing = [Validators()] * len(specs)
        # What importing a library and starting threads cost is no part of a fetch.
        warmed = fetcher_of(client)
        all_of(warmed, nothing)
        warmed.close()
        fetcher = fetcher_of(client)
        try:
            cold, got = _cpu(lambda: all_of(fetcher, nothing))
            held = [one.validators for one in got]
            unchanged, second = _cpu(lambda: all_of(fetcher, held))
            kept, third = _cpu(lambda: list(pool.map(lambda _: fetcher.fetch(specs[0], held[0], None), specs)))
        finally:
            fetcher.close()
    if not all(isinstance(one, Document) for one in got) or not all(isinstance(one, Unchanged) for one in (*second, *third)):
        raise RuntimeError(f"{client}: not every document came whole, and then a 304")
    return {name: spent / len(specs) for name, spent in (("cold", cold), ("unchanged", unchanged), ("kept", kept))}


def _cpu(work: Callable[[], list[_Got]]) -> tuple[float, list[_Got]]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    got = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, got


def compare(given: Sequence[Given], rounds: int) -> dict[str, JsonValue]:
    """Run all rounds, each door first in every other one."""
    hosts = {f"d{number:05}": Reply(body=each.body, content_type=each.content_type) for number, each in enumerate(given)}
    found: dict[str, JsonValue] = {"hosts": len(given), "rounds": rounds}
    with LoopbackSite(hosts) as site:
        specs = [FeedSpec(id=id_, url=site.url(id_), shown_url=site.url(id_), allow_private=True) for id_ in hosts]
        for threads in (1, WORKERS):
            spent: dict[str, list[dict[str, float]]] = {client: [] for client in CLIENTS}
            for number in range(rounds):
                for client in CLIENTS if number % 2 == 0 else reversed(CLIENTS):
                    spent[client].append(passes(client, specs, threads))
                    print(f"{threads} threads, round {number + 1}: {client}: {spent[client][-1]}", file=sys.stderr, flush=True)
            found[f"threads_{threads}"] = _summary(spent)
    return found


def _summary(spent: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for kind in ("cold", "unchanged", "kept"):
        cost = {client: statistics.median(one[kind] for one in rounds) * 1e6 for client, rounds in spent.items()}
        of_curl: dict[str, JsonValue] = {f"{client}_us": round(value) for client, value in cost.items()}
        found[kind] = of_curl | {"requests_to_curl": round(cost["requests"] / cost["curl"], 1)}
    return found


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.doors", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--hosts", type=int, default=300)
    options.add_argument("--documents", type=Path, default=DOCUMENTS)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    print(json.dumps(compare(sample(given.documents, given.hosts), given.rounds)))


if __name__ == "__main__":
    main()
