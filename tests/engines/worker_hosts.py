"""Hosts that do to their worker what trials of users do."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

LEAKED = []


@dataclass
class Faults:
    """A host whose tasks are the names of its methods, with an argument."""

    def run(self, work, watch):
        name, *arguments = work
        self.watch = watch
        return getattr(self, name)(*arguments)

    def move_to(self, device):
        self.device = device

    def where(self):
        return self.device

    def echo(self, value):
        return value

    def pid(self):
        return os.getpid()

    def parent(self):
        return os.getppid()

    def files(self):
        return [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]

    def meet(self, ours, theirs):
        """Wait until another task is there too."""
        Path(ours).touch()
        while not Path(theirs).exists():
            time.sleep(0.01)
        return ours

    def epochs(self, count):
        for epoch in range(count):
            self.watch.progress(epoch + 1)

    def exit(self, status):
        os._exit(status)

    def sys_exit(self, status):
        sys.exit(status)

    def base_exception(self, text):
        raise BaseException(text)  # noqa: TRY002 - as bad as can be

    def interrupt(self, text):
        raise KeyboardInterrupt(text)

    def signal(self, number):
        self.watch.progress(2)
        os.kill(os.getpid(), number)
        time.sleep(600)

    def segfault(self):
        ctypes.string_at(0)

    def hang(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
        while True:
            time.sleep(600)

    def spin(self):
        while True:
            pass

    def until_stopped(self):
        while not self.watch.must_stop():
            time.sleep(0.001)
        return "stopped"

    def fill(self, size):
        block = bytearray(size)
        block[::4096] = b"x" * len(block[::4096])
        time.sleep(600)

    def leak(self, size):
        block = bytearray(size)
        block[::4096] = b"x" * len(block[::4096])
        LEAKED.append(block)

    def settings(self):
        handlers = [str(signal.getsignal(number)) for number in signal.valid_signals()]
        streams = (sys.stdout.closed, sys.stderr.closed)
        limits = (sys.getrecursionlimit(), signal.getitimer(signal.ITIMER_REAL)[0])
        return Path.cwd(), dict(os.environ), list(sys.path), handlers, streams, limits, len(warnings.filters)

    def change_settings(self):
        os.chdir("/")
        os.environ["OMP_NUM_THREADS"] = "77"
        sys.path.clear()
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 3600)
        sys.setrecursionlimit(9999)
        warnings.simplefilter("error")
        sys.stdout.close()
        os.close(2)

    def say(self, text, times):
        for _ in range(times):
            sys.stdout.write(text)
        os.write(2, b"the end")
        return "said"

    def fork(self):
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        return "parent" if child else "child"

    def leave_child(self):
        if os.fork() == 0:
            time.sleep(600)
        os._exit(3)

    def child(self, pid_file):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(pid_file).write_text(str(process.pid))
        os._exit(1)

    def leave_thread(self):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        return "left"

    def close_everything(self):
        os.closerange(0, 200)
        time.sleep(600)


class Slow(Faults):
    """A host that takes its time to load."""

    def __setstate__(self, state):
        time.sleep(3)
        self.__dict__.update(state)

    def __getstate__(self):
        return dict(self.__dict__)
