"""What the command opens, writes, starts and connects to while it reads hostile documents, as the kernel sees it (strace, Linux).

    python -m bench.opened FOLDER [--work FOLDER]

FOLDER is one like bench.hostile's. Three plain feeds are polled and published first: what that run reads outside of its own folder is what
the program needs. Then all cases are, and whatever they make it do beyond that is listed. One JSON object is printed:

    traced       system calls looked at
    read         files read outside of the run's folder, the interpreter and its packages, that the plain run did not read
    written      files written, made, renamed or removed outside of the run's folder
    started      programs started that are not this Python
    connected    addresses connected to that no feed was given
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.command import REPOSITORY, Workshop
from bench.hostile import PLAIN, Case, cases, plain_replies
from bench.loopback import LoopbackSite, Reply

_CALLS = (
    "open,openat,creat,execve,connect,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,truncate"
)
_CALL = re.compile(r"(?:\[pid +\d+\] |\d+ +)?(?P<name>[a-z0-9]+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_INTERNET = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"')
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_READ_ONLY_CALLS = frozenset({"open", "openat"})
# A terminal and the like: written to, and no file.
_NO_FILES = ("/dev/null", "/dev/tty", "/dev/pts/")
# The C library counts processors there.
_MACHINE = ("/proc/", "/sys/devices/system/cpu/")
# Where SQLite puts what does not fit its memory while it sorts or may have to undo: a file without a name, as soon as it is open.
_SPILLED = re.compile(r"/(?:var/)?tmp/etilqs_[0-9a-f]+")


@dataclass(slots=True)
class Seen:
    """What a run did outside of its folder."""

    traced: int = 0
    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    connected: set[str] = field(default_factory=set)

    def take(self, line: str, home: Path) -> None:
        found = _CALL.match(line)
        if found is None or (found["result"].startswith("-") and found["name"] != "connect"):
            return
        self.traced += 1
        name, arguments = found["name"], found["arguments"]
        if name == "connect":
            self.connected |= {f"{address}:{port}" for port, address in _INTERNET.findall(arguments)}
            return
        paths = {str(Path(home, path)) for path in _PATH.findall(arguments.partition("[")[0] if name == "execve" else arguments)}
        outside = {path for path in paths if not path.startswith((f"{home}/", *_NO_FILES))}
        if name == "execve":
            self.started |= outside
        elif name not in _READ_ONLY_CALLS or any(flag in arguments for flag in _WRITES):
            self.written |= outside - {str(home)}
        else:
            self.read |= outside - {str(home)}


def traced(shop: Workshop, *commands: Sequence[str]) -> Seen:
    """Run commands one after the other and look at what they and their children ask the kernel for."""
    seen = Seen()
    for command in commands:
        log = shop.folder.parent / f"{shop.folder.name}.strace"
        subprocess.run(
            ["strace", "-f", "-qq", "-s", "512", "-e", f"trace={_CALLS}", "-o", str(log), *_command(shop, command)],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        with log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                seen.take(line, shop.folder)
        log.unlink()
    return seen


def _command(shop: Workshop, arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-B", "-m", "aggregator", "-c", str(shop.folder / "feeds.yaml"), *arguments]


def polled(folder: Path, hosts: Mapping[str, Mapping[str, Reply]]) -> tuple[Seen, set[str]]:
    """Poll and publish these hosts under strace; with the addresses that feeds.yaml names."""
    shop = Workshop(folder)
    with LoopbackSite(hosts) as site:
        urls = {host: site.url(host) for host in hosts}
        shop.write(urls)
        seen = traced(shop, ["poll", *hosts], ["publish"], ["poll", "--force", *hosts], ["publish"])
    return seen, {f"{parts.hostname}:{parts.port}" for parts in map(urlsplit, urls.values())}


def beyond(seen: Seen, plain: Seen, given: Iterable[str]) -> dict[str, object]:
    """What a run did that the plain one did not, and that no feed asked for."""
    known = tuple(sorted({*_folders(), str(REPOSITORY)}))
    return {
        "traced": seen.traced,
        "read": sorted(path for path in seen.read - plain.read if not path.startswith((*known, *_MACHINE))),
        "written": sorted(path for path in seen.written if not _SPILLED.fullmatch(path)),
        "started": sorted(path for path in seen.started if Path(path).resolve() != Path(sys.executable).resolve()),
        "connected": sorted(seen.connected - set(given)),
    }


def _folders() -> Iterator[str]:
    """Where the interpreter, its packages and the system's libraries lie."""
    yield from (f"{path}/" for path in {sys.prefix, sys.base_prefix, *map(str, sysconfig.get_paths().values())})
    yield from ("/lib/", "/lib64/", "/usr/lib/", "/usr/share/zoneinfo/")


def compare(given: Sequence[Case], work: Path) -> dict[str, object]:
    """The plain feeds alone, then together with all cases."""
    plain, _ = polled(work / "plain", plain_replies())
    hostile = {case.feed: case.reply(case.body) for case in given}
    seen, addresses = polled(work / "hostile", {**plain_replies(), **hostile})
    return beyond(seen, plain, addresses)


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.opened", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--work", type=Path)
    given = options.parse_args()
    if shutil.which("strace") is None:
        sys.exit("bench.opened needs strace")
    work = given.work or Path(tempfile.mkdtemp(prefix="bench-opened-"))
    found = compare(cases(given.folder), work)
    print(json.dumps({**found, "plain_feeds": len(PLAIN)}))
    if any(found[name] for name in ("read", "written", "started", "connected")):
        sys.exit(1)


if __name__ == "__main__":
    main()
