"""The daemon hears from one hub and tells another: subscribed, verified, pushed to, and published."""

import sys
from pathlib import Path

import pytest

from tests.e2e.running import feed, forked, free_port
from tests.hub import Hub, ask

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs all of 127.0.0.0/8 on loopback, which Linux has")


def test_what_a_hub_pushes_is_published_and_told_to_our_own_hub(tmp_path: Path) -> None:
    port = free_port()
    with Hub() as hub, Hub() as own:
        topic = hub.url("/feed")
        hub.pages["/feed"] = (200, {"Link": f'<{hub.url("/hub")}>; rel=hub, <{topic}>; rel="self"'}, feed("garden", "First."))
        (tmp_path / "feeds.yaml").write_text(
            f"link: http://127.0.0.1:{port}/\nhttp: {{ listen: 127.0.0.1:{port} }}\ncontact: me@example.org\noutputs: [atom.xml]\n"
            f"defaults: {{ allow_private: true, every: 2h, republish: full }}\nfeeds: ['{topic}']\n"
            f"websub: {{ hub: '{own.url()}', subscribe: true }}\n"
        )
        with forked(tmp_path) as daemon:
            daemon.until(lambda: hub.forms and own.forms)
            form = hub.forms[0]
            assert form["hub.callback"].startswith(f"http://127.0.0.1:{port}/websub/")
            assert hub.verify(form).status == 200
            assert hub.push(form, feed("garden", "First.", "Pushed.")).status == 202
            daemon.until(lambda: b"Pushed." in ask("GET", f"http://127.0.0.1:{port}/atom.xml").body)
            assert "1 new of 2 entries, pushed by its hub" in daemon.says()
        assert own.forms[0]["hub.topic"] == f"http://127.0.0.1:{port}/atom.xml"
        assert [path for _, path, _ in hub.asked] == ["/feed", "/hub"]
