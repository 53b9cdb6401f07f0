"""A bare Debian with nothing of ours in it, and a fresh clone of this checkout."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import container
from daemon import TOP
from processes import TIED

CLONE = "/root/voxkeeper"
# How npm gets to its registry. Named one by one: a person's npm configuration holds secrets too.
NPM_KEYS = ["registry", "cafile", "proxy", "https-proxy", "noproxy", "strict-ssl"]
PROXIES = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]


def npm_settings():
    """The host's settings as a dict; empty where the host has no npm."""
    if not shutil.which("npm"):
        return {}
    done = subprocess.run(["npm", "config", "get", *NPM_KEYS], capture_output=True, text=True,
                          check=True)
    pairs = (line.partition("=")[::2] for line in done.stdout.splitlines())
    return {key: value for key, value in pairs if value not in ("", "null", "undefined")}


class BareTree:
    """A directory of layers on top of the cached bare tree; everything goes with close()."""

    def __init__(self, name="bare-bookworm"):
        self.tree = container.tree_path(name)
        # On disk, not in memory: a compiler and three builds are about two gigabytes.
        self.layer = Path(tempfile.mkdtemp(prefix="voxkeeper-bare-"))
        self.inside = self.layer / "upper"
        (self.inside / "root").mkdir(parents=True)
        self._configure_npm()
        # Nobody needs this tree after a power cut, so dpkg need not wait for the disk.
        self._add("etc/dpkg/dpkg.cfg.d/unsafe-io", "force-unsafe-io\n")

    def _add(self, path, text):
        target = self.inside / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def _configure_npm(self):
        settings = npm_settings()
        if "cafile" in settings:
            shutil.copy(settings["cafile"], self.inside / "root/npm-ca.crt")
            settings["cafile"] = "/root/npm-ca.crt"
        self._add("root/.npmrc", "".join(f"{key}={value}\n" for key, value in settings.items()))

    def clone(self):
        """Puts a clone of the checkout into the tree, at CLONE. What is not committed stays out."""
        subprocess.run(["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-local", TOP,
                        self.inside / CLONE.lstrip("/")], check=True)

    def run(self, script, deadline=1800.0, check=True):
        """Runs a shell script inside, in the clone if there is one; output and errors together."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                       **{name: os.environ[name] for name in PROXIES if name in os.environ}}
        done = subprocess.run(
            [*TIED, "unshare", "--mount", "--propagation", "private", "--pid", "--fork",
             "--kill-child", container.LIB / "enter-bare", self.tree, self.layer,
             f"cd {CLONE} 2>/dev/null || cd /\n{script}"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=deadline)
        if check and done.returncode != 0:
            raise AssertionError(f"run {script!r} in a bare tree: exit {done.returncode}\n"
                                 f"{done.stdout}")
        return done

    def close(self):
        shutil.rmtree(self.layer)
