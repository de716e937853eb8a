"""Processes that are measured: driven line by line, and watched from outside."""
import contextlib
import json
import os
import subprocess
import threading

WATCH_SECONDS = 0.02
# One thread each, whatever a library would like.
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GOTO_NUM_THREADS")
}


def anonymous_bytes(process):
    """Memory of a process that no file stands behind."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon")), 0)


def processor_seconds(process):
    """User and system time of a process and of its threads so far, in steps of 10 ms."""
    with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Peak:
    bytes = 0


@contextlib.contextmanager
def watched(process):
    """Samples the anonymous memory of a process. `bytes` of what this yields is the most that was seen."""
    peak, end = Peak(), threading.Event()

    def watch():
        while True:
            with contextlib.suppress(OSError):
                peak.bytes = max(peak.bytes, anonymous_bytes(process))
            if end.wait(WATCH_SECONDS):
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        end.set()
        thread.join()


class Child:
    """Answers each line with one line of JSON."""

    def __init__(self, command, log):
        self.command = command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=os.environ | ONE_THREAD,
            encoding="utf-8")

    def ask(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.command} ended with {self.process.wait()} when asked: {words}")
        answer = json.loads(line)
        if answer.get("error"):
            raise RuntimeError(f"{self.command} asked {words}: {answer['error']}")
        return answer

    def anonymous_bytes(self):
        return anonymous_bytes(self.process.pid)

    def watched(self):
        return watched(self.process.pid)

    def end(self):
        """May be called again."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
