"""A whole run with its report touches no network and leaves astropy's settings alone.

A process of its own: every socket that is opened there, and every name that is looked up, is an error and is
counted. The Earth's table is treated as long out of date, which makes astropy ask the network by itself.
"""

from __future__ import annotations

import subprocess
import sys

from small_missions import RELAYS

SCRIPT = """
import json, socket, sys, urllib.request

tried = []

def refuse(*arguments, **options):
    tried.append(repr(arguments[:2]))
    raise OSError("no network here")

socket.socket.connect = refuse
socket.socket.connect_ex = refuse
socket.create_connection = refuse
socket.getaddrinfo = refuse
urllib.request.urlopen = refuse

from astropy.utils import iers
from astropy.utils.data import conf
before = {key: getattr(iers.conf, key) for key in iers.conf}, {key: getattr(conf, key) for key in conf}
assert iers.conf.auto_download is True

import cislunar
result = cislunar.run(cislunar.load(sys.argv[1]))
result.report(sys.argv[2])
orbit = result.trajectories["alpine"]
orbit.position(orbit.start)

after = {key: getattr(iers.conf, key) for key in iers.conf}, {key: getattr(conf, key) for key in conf}
assert before == after, "astropy's settings were changed"
assert not tried, tried
print(result.status)
"""


def test_nothing_touches_the_network_and_astropy_keeps_its_settings(tmp_path):
    file = tmp_path / "scenario.yaml"
    # An epoch beyond any table, so that held values are used.
    file.write_text(RELAYS.replace("2027-03-01", "2045-03-01"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file), str(tmp_path / "report")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "complete"
