"""
Executes a notebook, or one cell of it, in a Jupyter kernel of its own, and leaves a result.

    python notebook-driver.py REQUEST.json

`notebook-launch.ts` writes the request, the supervisor runs this file in the launch's folder `work`
and signals its whole process group, and `notebook-result.ts` reads what is left.

N1 The kernel is in the supervisor's process group, not in a session of its own as Jupyter would have
   it: SIGKILL to the group ends it, and a graceful SIGINT to the group interrupts its cell.
N2 The kernel is reached through sockets in the folder `work`, by relative paths: nothing listens on
   the network, and no path is too long for a socket.
N3 The result is written whole, by a rename, before this process exits. Where it is missing, the
   execution was killed.
N4 The state is replaced by a rename, and only by a whole one. A kernel that died leaves the old one.
N5 After it was asked to end, the driver needs at most `stopMs`: then the kernel is killed.

The upper half runs in the driver, the lower half in the kernel, as the module `orrery_notebook`.
Exit codes: 0 for OK, 1 for ERROR and for a stale execution, 130 where a signal ended it.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time

MODULE = "orrery_notebook"
# What a function of the lower half answers with, in the folder `work`.
REPORT = "report.json"
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
EXIT_CODES = {"OK": 0, "ERROR": 1, "ABORTED": 1}
INTERRUPTED = 130


class Failed(Exception):
    """The execution ends with this status, error name and message."""

    def __init__(self, status, name, message):
        super().__init__(f"{name}: {message}")
        self.status, self.name, self.message = status, name, message


class Stop:
    """Whether the execution is asked to end, and why; the first reason stays."""

    def __init__(self):
        self.reason = None
        self.at = None
        self.event = None
        self.is_signal = False

    def by_signal(self, number, _frame=None):
        if self.reason is None:
            self.is_signal = True
        self.ask(Failed("ABORTED", "Stopped", f"It was stopped by {signal.Signals(number).name}."))

    def ask(self, reason):
        if self.reason is not None:
            return
        self.reason, self.at = reason, time.monotonic()
        if self.event is not None:
            self.event.set()


def main(request_path):
    stop = Stop()
    for number in SIGNALS:
        signal.signal(number, stop.by_signal)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    # First of all, because it takes as long as all our imports together.
    kernel = start_kernel(request)
    try:
        status = asyncio.run(Execution(request, kernel, stop).run())
    finally:
        if kernel.poll() is None:
            kernel.kill()
    return INTERRUPTED if stop.is_signal else EXIT_CODES[status]


def start_kernel(request):
    connection = {
        "transport": "ipc",
        "ip": "kernel",
        **{f"{name}_port": port for port, name in enumerate(CHANNELS, 1)},
        "key": os.urandom(32).hex(),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "",
    }
    with open("kernel.json", "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(connection, file)
    frozen = ["-Xfrozen_modules=off"] if sys.version_info >= (3, 11) else []
    command = [sys.executable, *frozen, "-m", "ipykernel_launcher", "-f", "kernel.json"]
    return subprocess.Popen(
        [*command, "--HistoryManager.hist_file=:memory:"],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "JPY_PARENT_PID": str(os.getpid())},
    )


CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


class Execution:
    """One execution, from the kernel's first answer to the result."""

    def __init__(self, request, kernel, stop):
        self.request, self.kernel, self.stop = request, kernel, stop
        self.client = None
        self.executed = []
        self.missing_outputs = []

    async def run(self):
        self.stop.event = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.stop.by_signal, number)
        if self.stop.reason is not None:
            self.stop.event.set()
        failure, variables = None, {}
        try:
            failure = await self.cells()
            if self.kernel.poll() is None:
                variables = await self.within_stop(self.leave(), interrupts=False)
        except Failed as failed:
            failure = failure or failed
        result = self.result(self.stop.reason or failure or self.missing(), variables)
        write_result(self.request, result)
        await self.shut_down()
        return result["status"]

    async def cells(self):
        """Executes the cells in their order; answers with the failure of one that raised."""
        import nbformat

        try:
            with open(self.request["notebook"], encoding="utf-8") as file:
                text = file.read()
            notebook = nbformat.reads(text, as_version=4)
        except Exception as error:
            raise Failed("ERROR", "NotebookUnreadable", str(error)) from error
        # As the file has them: nbformat makes up ids where they are missing or double.
        named = [cell.get("id") for cell in json.loads(text).get("cells", [])]
        ids = [name if isinstance(name, str) else "" for name in named]
        self.client = notebook_client(self.request, notebook, self.kernel)
        await self.within_stop(self.ready())
        await self.within_stop(self.call("begin"))
        if self.stop.reason is not None:
            return None
        watch = asyncio.ensure_future(watch_use(self.request, self.kernel, self.stop))
        try:
            return await self.each_cell(notebook, ids)
        finally:
            watch.cancel()

    async def each_cell(self, notebook, ids):
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        for index, cell in enumerate(notebook.cells):
            name = (ids[index] if index < len(ids) else "") or f"#{index + 1}"
            if cell.cell_type != "code" or self.request["cell"] not in (None, name):
                continue
            if self.stop.reason is not None:
                return None
            cell.outputs = []
            self.executed.append((name, cell))
            self.client.held = 0
            try:
                await self.within_stop(self.client.async_execute_cell(cell, index))
            except CellExecutionError as error:
                return Failed("ERROR", error.ename, ANSI.sub("", error.evalue))
            except DeadKernelError:
                code = self.kernel.poll()
                return Failed("ERROR", "KernelDied", f"The kernel ended with code {code}.")
            if self.request["cell"] is not None:
                return None
        if self.request["cell"] is not None:
            return Failed("ERROR", "CellNotFound", "The notebook was changed, and the cell is gone.")
        return None

    async def within_stop(self, work, interrupts=True):
        """
        Awaits the work; once the execution is asked to end, only as long as N5 allows. The kernel
        is interrupted at once where no signal did it, and later again, because an interrupt that
        meets the kernel just before it begins is lost.
        """
        task = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self.stop.event.wait())
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not task.done():
            stop_s = self.request["stopMs"] / 1000
            if interrupts and not self.stop.is_signal:
                self.kernel.send_signal(signal.SIGINT)
            for until in (stop_s / 4, stop_s):
                left = self.stop.at + until - time.monotonic()
                await asyncio.wait({task}, timeout=max(0, left))
                if task.done():
                    break
                if interrupts and until < stop_s:
                    self.kernel.send_signal(signal.SIGINT)
        if task.done():
            return await task
        self.note("The kernel did not end its work when it was interrupted, and was killed.")
        self.kernel.kill()
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        raise self.stop.reason

    async def ready(self):
        """Until the kernel answers on both channels: an output before that would be lost."""
        from queue import Empty

        kc = self.client.kc
        deadline = time.monotonic() + self.request["startMs"] / 1000
        while time.monotonic() < deadline:
            asked = kc.kernel_info()
            try:
                while (await kc.shell_channel.get_msg(timeout=1))["parent_header"].get(
                    "msg_id"
                ) != asked:
                    pass
                while (await kc.iopub_channel.get_msg(timeout=0.2))["parent_header"].get(
                    "msg_id"
                ) != asked:
                    pass
                return
            except Empty:
                if self.kernel.poll() is not None:
                    break
        raise Failed("ERROR", "KernelDied", "The kernel did not start; stderr may say why.")

    async def call(self, function):
        """Runs a function of the lower half in the kernel; it answers through a file."""
        code = KERNEL_CALL.format(
            module=MODULE,
            driver=os.path.abspath(__file__),
            function=function,
            request=self.request,
        )
        reply = await self.executed_silently(code)
        while reply["status"] in ("abort", "aborted"):
            # For a moment behind a cell that raised, the kernel turns down whatever it is asked.
            await asyncio.sleep(0.02)
            reply = await self.executed_silently(code)
        if reply["status"] != "ok":
            raise Failed("ERROR", reply["ename"], ANSI.sub("", reply["evalue"]))
        with open(REPORT, encoding="utf-8") as file:
            report = json.load(file)
        for note in report["notes"]:
            self.note(note)
        return report

    async def executed_silently(self, code):
        from queue import Empty

        kc = self.client.kc
        asked = kc.execute(code, silent=True, store_history=False, allow_stdin=False)
        while True:
            try:
                reply = await kc.shell_channel.get_msg(timeout=1)
            except Empty:
                if self.kernel.poll() is not None:
                    raise Failed("ERROR", "KernelDied", "The kernel ended unexpectedly.") from None
                continue
            if reply["parent_header"].get("msg_id") == asked:
                return reply["content"]

    async def leave(self):
        """Has the kernel tell its variables and save its state."""
        report = await self.call("end")
        self.missing_outputs = report["missing"]
        return report["variables"]

    def missing(self):
        if not self.missing_outputs:
            return None
        names = ", ".join(self.missing_outputs)
        message = f"These output variables do not exist at the end: {names}."
        return Failed("ERROR", "OutputVariablesMissing", message)

    async def shut_down(self):
        """Lets the kernel run what it has registered for its end, a moment."""
        if self.client is None:
            return
        kc = self.client.kc
        if self.kernel.poll() is None and self.stop.reason is None:
            kc.shutdown()
            deadline = time.monotonic() + self.request["shutdownMs"] / 1000
            while self.kernel.poll() is None and time.monotonic() < deadline:
                await asyncio.sleep(0.005)
        kc.stop_channels()

    def result(self, failure, variables):
        path = self.request["path"]
        cells = bounded_cells(self.request, self.executed)
        status = "OK" if failure is None else failure.status
        result = {"path": path, "status": status, "cells": cells, "variables": variables}
        if failure is not None:
            message = cut(failure.message, self.request["outputBytes"])
            result["error"] = {"name": cut(failure.name, 200), "message": message}
        return result

    def note(self, text):
        with open(self.request["system"], "a", encoding="utf-8") as file:
            file.write(f"{text}\n")


KERNEL_CALL = """
def _orrery():
    import sys, types
    if "{module}" not in sys.modules:
        module = sys.modules["{module}"] = types.ModuleType("{module}")
        with open({driver!r}, encoding="utf-8") as file:
            exec(compile(file.read(), {driver!r}, "exec"), vars(module))
    sys.modules["{module}"].{function}({request!r})
try:
    _orrery()
finally:
    del _orrery
"""


def notebook_client(request, notebook, kernel):
    """nbclient without its kernel manager, which would give the kernel a session of its own (N1)."""
    from jupyter_client.asynchronous import AsyncKernelClient
    from nbclient import NotebookClient

    class Client(NotebookClient):
        # Characters that the outputs of the present cell have at most.
        held = 0

        def process_message(self, msg, cell, cell_index):
            show(msg)
            output = super().process_message(msg, cell, cell_index)
            if output is not None:
                most = request["outputBytes"]
                self.held += lighten(output, most)
                if self.held > 4 * most:
                    self.held = thin(cell.outputs, most)
                    self.clear_display_id_mapping(cell_index)
            return output

    class Connection(AsyncKernelClient):
        def is_alive(self):
            return kernel.poll() is None

    connection = Connection(connection_file="kernel.json")
    connection.load_connection_file()
    connection.start_channels(stdin=False, hb=False)
    connection.allow_stdin = False
    client = Client(notebook, store_widget_state=False, record_timing=False)
    client.kc = connection
    return client


def show(message):
    """Passes on what a cell prints, and how it failed, to this process's own streams."""
    content = message["content"]
    if message["msg_type"] == "stream":
        stream = sys.stderr if content["name"] == "stderr" else sys.stdout
        stream.write(content["text"])
        stream.flush()
    elif message["msg_type"] == "error":
        sys.stderr.write(ANSI.sub("", "\n".join(content["traceback"])) + "\n")
        sys.stderr.flush()


def lighten(output, most):
    """Keeps of an output what can be told of it, `most` characters; answers with how many it has."""
    text = text_of(output)
    if len(text) > most:
        half = most // 2
        text = text[:half] + SHORTENED.format(len(text)) + text[-half:]
    if output.output_type == "stream":
        output.text = text
    elif output.output_type == "error":
        output.traceback = [text]
    else:
        output.data = {"text/plain": text}
    return len(text)


SHORTENED = "\n[... shortened, it had {} characters ...]\n"


def thin(outputs, most):
    """Takes outputs out of the middle; what is left has some 2 * `most` characters, and how many."""
    sizes = [len(text_of(output)) for output in outputs]
    first, head = 0, 0
    while first < len(sizes) and head <= most:
        head += sizes[first]
        first += 1
    last, tail = len(sizes), 0
    while last > first and tail <= most:
        last -= 1
        tail += sizes[last]
    del outputs[first:last]
    return head + tail


async def watch_use(request, kernel, stop):
    """Asks the execution to end once it has used next to no CPU for `staleAfterMs`."""
    if request["staleAfterMs"] is None:
        return
    import psutil

    stale_s = request["staleAfterMs"] / 1000
    period_s = min(request["stalePeriodMs"] / 1000, stale_s / 10)
    # A clock tick is 10 ms: two of them are noise, however short the period.
    idle_s = max(0.02, period_s * request["staleShare"])
    busy_at, used_s = time.monotonic(), cpu_seconds(psutil, kernel.pid)
    while True:
        await asyncio.sleep(period_s)
        now, before_s = time.monotonic(), used_s
        used_s = cpu_seconds(psutil, kernel.pid)
        if used_s - before_s > idle_s:
            busy_at = now
        elif now - busy_at >= stale_s:
            message = f"It used next to no CPU for {stale_s:g} s, the project's stale timeout."
            stop.ask(Failed("ABORTED", "Stale", message))
            return


def cpu_seconds(psutil, pid):
    """CPU time of a process and its descendants, also of those that ended and were reaped."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0.0
    for process in family:
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            pass
    return total


def bounded_cells(request, executed):
    """The outputs as text, from the last cell on: that is where it failed."""
    left = request["outputsBytes"]
    cells = []
    for name, cell in reversed(executed):
        outputs = []
        for text in reversed(texts(cell.outputs)):
            text = cut(text, min(request["outputBytes"], max(left, 0)))
            left -= size(text)
            outputs.append(text)
        left -= size(name)
        if left < 0:
            break
        cells.append({"id": name, "outputs": outputs[::-1]})
    return cells[::-1]


def texts(outputs):
    """One text for each output; what one stream printed in a row is one output."""
    found, last_stream = [], None
    for output in outputs:
        stream = output.get("name") if output.output_type == "stream" else None
        if stream is not None and stream == last_stream:
            found[-1].append(text_of(output))
        else:
            found.append([text_of(output)])
        last_stream = stream
    return [well_formed("".join(parts)) for parts in found]


def text_of(output):
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return ANSI.sub("", "\n".join(output.traceback))
    return output.data.get("text/plain", f"<{', '.join(sorted(output.data))}>")


def write_result(request, result):
    fresh = f"{request['result']}.part"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(fresh, request["result"])


def well_formed(text):
    """The text without halves of surrogate pairs, which no UTF-8 can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def size(said):
    """Bytes of a JSON value as UTF-8."""
    return len(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))


def cut(text, most):
    """The text without its middle where its JSON has more than `most` bytes."""
    if size(text) <= most:
        return text
    note = SHORTENED.format(len(text))
    keep = min(len(text), most - size(note))
    while keep > 0:
        short = text[: keep // 2] + note + text[len(text) - keep // 2 :]
        over = size(short) - most
        if over <= 0:
            return short
        # A character takes at most six bytes, so this never takes away too much at once.
        keep -= max(2, over // 6)
    return ""


# What follows runs in the kernel.


class StateUnreadable(Exception):
    """The notebook's state cannot be taken up; the whole notebook makes a new one."""


def begin(request):
    """Goes to the project's storage, and takes up the state that the last execution left."""
    os.chdir(request["storage"])
    notes = [] if request["cell"] is None else restore(request)
    answer(request, {"notes": notes})


def restore(request):
    import pickle

    remedy = "execute the whole notebook first."
    try:
        file = open(request["state"], "rb")
    except FileNotFoundError:
        return ["The notebook has no state yet: the cell starts with no variables."]
    try:
        with file:
            header = pickle.load(file)
            here = sys.version.split()[0]
            if header["python"].split(".")[:2] != here.split(".")[:2]:
                raise RuntimeError(f"it was saved by Python {header['python']}, and this is {here}")
            notes = import_modules(header["modules"])
            user_space().update(pickle.load(file))
            return notes
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise StateUnreadable(f"The notebook's state cannot be read back ({why}): {remedy}") from error


def import_modules(modules):
    import importlib

    notes = []
    for name, module in modules.items():
        try:
            user_space()[name] = importlib.import_module(module)
        except Exception as error:
            notes.append(f"Module {module} could not be imported again: {error}.")
    return notes


def end(request):
    """Tells the variables, and keeps what can be kept of them as the notebook's state."""
    import types

    # The state is whole or not at all; the driver kills a kernel that takes too long (N5).
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    values = user_values()
    modules = {
        name: value.__name__
        for name, value in values.items()
        if isinstance(value, types.ModuleType) and sys.modules.get(value.__name__) is value
    }
    values = {name: value for name, value in values.items() if name not in modules}
    variables, left_out = told(request, values)
    notes = []
    if left_out:
        notes.append(f"Variables left out of the result, which is full: {', '.join(left_out)}.")
    notes += save(request, modules, values)
    missing = [name for name in request["outputVariables"] if name not in user_space()]
    answer(request, {"variables": variables, "missing": missing, "notes": notes})


def answer(request, report):
    with open(os.path.join(request["work"], REPORT), "w", encoding="utf-8") as file:
        json.dump(report, file)


def user_space():
    from IPython import get_ipython

    return get_ipython().user_ns


# IPython's own: `_`, `__`, `___`, `_i`, `_ii`, `_iii`, `_12`, `_i12`, `_ih`, `_oh`, `_dh`, `_exit_code`.
HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[iod]h|_exit_code")


def user_values():
    """The notebook's own global names, in the order in which they were made."""
    from IPython import get_ipython

    hidden = get_ipython().user_ns_hidden
    absent = object()
    return {
        name: value
        for name, value in user_space().items()
        if hidden.get(name, absent) is not value
        and not name.startswith("__")
        and not HISTORY.fullmatch(name)
    }


def told(request, values):
    """What the result says of the variables, those that the caller named first; and what is left out."""
    import types

    named = [name for name in request["outputVariables"] if name in values]
    others = [
        name
        for name, value in values.items()
        if name not in named and not isinstance(value, (types.FunctionType, types.ModuleType, type))
    ]
    left, variables, left_out = request["variablesBytes"], {}, []
    for name in [*named, *others]:
        said = as_json(values[name], request)
        needed = size({name: said})
        if needed <= left:
            left -= needed
            variables[name] = said
        else:
            left_out.append(name)
    return variables, left_out


def as_json(value, request):
    """The value in JSON where JSON can say it within bounds; else the text of its `repr`."""
    import reprlib

    most = request["variableBytes"]
    try:
        said = plain(value, [most], request["variableDepth"])
        if size(said) <= most:
            return said
    except ValueError:
        pass
    if isinstance(value, str):
        return cut(well_formed(value), most)
    short = reprlib.Repr()
    short.maxother = short.maxlong = short.maxstring = most
    try:
        return cut(well_formed(short.repr(value)), most)
    except Exception as error:
        return f"<{type(value).__name__} without a text: {type(error).__name__}>"


def plain(value, left, depth):
    """A copy in JSON's types. Raises ValueError for what has no place there, or is too large."""
    import numbers

    left[0] -= len(value) if isinstance(value, str) else 1
    if left[0] < 0 or depth == 0:
        raise ValueError("too large")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, numbers.Integral):
        # A client reads numbers as doubles; a larger one would come back as another number.
        if abs(int(value)) >= 2**53:
            raise ValueError("not a double")
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational):
        number = float(value)
        if number - number != 0:
            raise ValueError("not finite")
        return number
    if type(value) in (list, tuple):
        return [plain(item, left, depth - 1) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {well_formed(key): plain(item, left, depth - 1) for key, item in value.items()}
    raise ValueError("not JSON")


def save(request, modules, values):
    """Replaces the notebook's state (N4). Answers with what the system log should say."""
    import errno
    import pickle
    import shutil

    # In the launch's folder, which goes with the attempt, should the kernel be killed meanwhile.
    fresh = os.path.join(request["work"], "state")
    header = {"python": sys.version.split()[0], "modules": modules}
    try:
        kept, lost = write_state(request, header, values, fresh)
        os.makedirs(os.path.dirname(request["state"]), exist_ok=True)
        try:
            os.replace(fresh, request["state"])
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(fresh, f"{request['state']}.part")
            os.replace(f"{request['state']}.part", request["state"])
    except (OSError, MemoryError, pickle.PicklingError) as error:
        return [f"The state could not be saved, the one before stays: {error}"]
    finally:
        if os.path.exists(fresh):
            os.remove(fresh)
    notes = [f"State: {len(kept)} variables and {len(modules)} modules."]
    if lost:
        reasons = [f"{name} ({reason})" for name, reason in sorted(lost.items())]
        notes.append(f"Not kept for a later cell: {', '.join(reasons)}.")
    return notes


def write_state(request, header, values, fresh):
    """
    All variables in one pickle, so that what two of them share stays shared. Only where that fails
    each is tried alone, to find those that cannot be kept.
    """
    import pickle

    lost = {}
    while True:
        kept = {name: value for name, value in values.items() if name not in lost}
        with open(fresh, "wb") as file:
            bounded = Bounded(file, request["stateBytes"])
            pickle.dump(header, bounded)
            try:
                state_pickler(bounded).dump(kept)
                return kept, lost
            except Full:
                raise pickle.PicklingError(
                    f"it has more than {request['stateBytes']} bytes."
                ) from None
            except Exception as error:
                joint = error
        found = {name: why for name, why in ((n, unfit(v)) for n, v in kept.items()) if why}
        if not found:
            raise pickle.PicklingError(f"{type(joint).__name__}: {joint}")
        lost.update(found)


class Full(Exception):
    """The state has more bytes than it may have."""


class Bounded:
    def __init__(self, file, most):
        self.file, self.left = file, most

    def write(self, data):
        self.left -= memoryview(data).nbytes
        if self.left < 0:
            raise Full
        return self.file.write(data)


class Nowhere:
    def write(self, data):
        return memoryview(data).nbytes


def unfit(value):
    """Why a value cannot be pickled, or None."""
    try:
        state_pickler(Nowhere()).dump(value)
        return None
    except Exception as error:
        return ANSI.sub("", str(error)).split("\n")[0][:200] or type(error).__name__


def state_pickler(file):
    """
    A pickler that keeps functions of the notebook by their code, bound to the kernel's variables
    again when they come back. Classes made in the notebook, their instances and functions inside
    functions are kept only where the kernel has cloudpickle.
    """
    import pickle
    import types

    try:
        from cloudpickle import Pickler as Base
    except ImportError:
        Base = pickle.Pickler

    class StatePickler(Base):
        def reducer_override(self, value):
            own = getattr(value, "__module__", None) == "__main__" and hasattr(value, "__qualname__")
            is_function = isinstance(value, types.FunctionType)
            if own and is_function and value.__closure__ is None:
                return rebuilt(value)
            if Base is not pickle.Pickler:
                return super().reducer_override(value)
            if own:
                raise pickle.PicklingError(f"it needs {value.__qualname__}, made in the notebook")
            return NotImplemented

    return StatePickler(file, protocol=pickle.HIGHEST_PROTOCOL)


def rebuilt(function):
    import marshal

    attributes = {
        "__kwdefaults__": function.__kwdefaults__,
        "__annotations__": function.__annotations__,
        "__doc__": function.__doc__,
        "__qualname__": function.__qualname__,
        "__module__": "__main__",
    }
    made = (marshal.dumps(function.__code__), function.__name__, function.__defaults__)
    return rebuild_function, made, (function.__dict__, attributes)


def rebuild_function(code, name, defaults):
    import marshal
    import types

    return types.FunctionType(marshal.loads(code), user_space(), name, defaults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
