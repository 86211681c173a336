"""Faults that trials commit, by name: every way that we know in which user code can harm its process."""

from __future__ import annotations

from typing import Final

from benchmarks.fault_trials import EveryTrialHangs, InputChanged, KernelOutOfMemory, Memory, TrialFault

TRIALS: Final = (
    TrialFault(name="raise", code="raise ValueError('bad luck')", error="ValueError: bad luck"),
    TrialFault(name="raise BaseException", code="raise BaseException('gone')", error="gone"),
    TrialFault(name="KeyboardInterrupt", code="raise KeyboardInterrupt", error="KeyboardInterrupt"),
    TrialFault(name="sys.exit", code="sys.exit(7)", error="sys.exit(7)"),
    TrialFault(name="os._exit", code="os._exit(7)", error="status 7 in epoch 2"),
    TrialFault(name="segfault", code="ctypes.string_at(0)", error="signal 11 (SIGSEGV) in epoch 2"),
    TrialFault(name="abort", code="os.abort()", error="signal 6"),
    TrialFault(name="SIGKILL, as the kernel out of memory", code="os.kill(os.getpid(), 9)", error="signal 9"),
    TrialFault(name="SIGTERM to itself", code="os.kill(os.getpid(), 15)", error="signal 15"),
    TrialFault(
        name="SIGSTOP to itself",
        code="os.kill(os.getpid(), 19)",
        error="took more than",
        options=("--trial-time", "3s"),
    ),
    TrialFault(name="hang", code="time.sleep(1000)", error="took more than", options=("--trial-time", "3s")),
    TrialFault(
        name="hang in C with all signals blocked",
        code="signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\ntime.sleep(1000)",
        error="took more than",
        options=("--trial-time", "3s"),
    ),
    TrialFault(name="fork and go on in both", code="os.fork()", state="complete"),
    TrialFault(
        name="fork 20 that stay",
        code="for _ in range(20):\n    if os.fork() == 0:\n        time.sleep(1000)",
        state="complete",
    ),
    TrialFault(
        name="leave a child behind and exit",
        code="if os.fork() == 0:\n    time.sleep(1000)\nos._exit(3)",
        error="status 3",
    ),
    TrialFault(name="MemoryError", code="bytearray(10**18)", state="infeasible", error="out of memory"),
    TrialFault(
        name="print 1 GB",
        code="for _ in range(1024):\n    sys.stdout.write('x' * 2**20)",
        condition="lr == 0.1",
        state="complete",
    ),
    TrialFault(
        name="print bytes that are no text",
        code="os.write(1, bytes(range(256)) * 100)\nraise ValueError('after')",
        error="after",
    ),
    TrialFault(
        name="report NaN",
        code="report(2, float('nan'))\nreturn",
        state="infeasible",
        error="diverged in epoch 2",
    ),
    TrialFault(
        name="report inf",
        code="report(2, float('inf'))\nreturn",
        state="infeasible",
        error="diverged in epoch 2",
    ),
    TrialFault(name="report text", code="report(2, 'much')\nreturn", error="much"),
    TrialFault(
        name="report a tensor",
        code="report(2, torch.tensor(0.2))\nreport(3, torch.tensor(0.2))\nreturn",
        state="complete",
    ),
    TrialFault(name="report a tensor of two", code="report(2, torch.ones(2))\nreturn", error=""),
    TrialFault(name="set the default dtype", code="torch.set_default_dtype(torch.float64)", state="complete"),
    TrialFault(
        name="set seeds", code="torch.manual_seed(9); random.seed(9); numpy.random.seed(9)", state="complete"
    ),
    TrialFault(
        name="change the directory and delete it",
        code="os.makedirs('gone', exist_ok=True); os.chdir('gone'); os.rmdir('../gone')",
        state="complete",
    ),
    TrialFault(
        name="set signal handlers",
        code="signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        error="signal only works in main thread",
    ),
    TrialFault(
        name="an alarm that ends it later",
        code="signal.setitimer(signal.ITIMER_REAL, 0.001)",
        state="complete",
    ),
    TrialFault(
        name="close stdout and stderr", code="sys.stdout.close(); sys.stderr.close()", state="complete"
    ),
    TrialFault(
        name="close descriptors 0 to 2",
        code="for number in range(3):\n    os.close(number)",
        state="complete",
    ),
    TrialFault(name="close every descriptor", code="os.closerange(0, 1000)", state="failed"),
    TrialFault(
        name="set environment, path, limits",
        code="os.environ['OMP_NUM_THREADS'] = '7'; sys.path.clear(); sys.setrecursionlimit(60)",
        state="complete",
    ),
    TrialFault(
        name="no gradients, other threads, determinism",
        code="torch.set_grad_enabled(False); torch.set_num_threads(7)\n"
        "torch.use_deterministic_algorithms(True)",
        state="complete",
    ),
    TrialFault(
        name="threads that go on",
        code="for _ in range(2):\n    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
        state="complete",
    ),
    TrialFault(
        name="an exit handler that hangs",
        code="import atexit\natexit.register(time.sleep, 1000)\nsys.exit(1)",
        error="sys.exit(1)",
    ),
    TrialFault(
        name="die where the metric is best",
        code="os.kill(os.getpid(), 9)",
        error="signal 9",
        condition="lr > 0.2",
        score="lr",
        budget="40trials",
    ),
    TrialFault(
        name="raise where the metric is best",
        code="raise ValueError('too fast')",
        error="too fast",
        condition="lr > 0.2",
        score="lr",
        budget="40trials",
    ),
    EveryTrialHangs(name="hang in every trial, budget 20 s"),
    EveryTrialHangs(name="hang in every first epoch, budget 20 s", at_once=True),
    EveryTrialHangs(name="hang in every trial, then Ctrl-C", stop=True),
    KernelOutOfMemory(
        name="use up a cgroup of 2 GB",
        code="HELD.append(b'x' * 6_000_000_000)",
        state="infeasible",
        or_state="failed",
        error="memory",
    ),
    Memory(name="leak 100 MB a trial", code="HELD.append(b'x' * 100_000_000)", infeasible=0),
    Memory(
        name="take 3 GB once",
        code="HELD.append(b'x' * (3_000_000_000 if first() else 0)); time.sleep(0.5)",
        infeasible=1,
    ),
    InputChanged(),
)
