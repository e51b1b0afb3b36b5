"""What a power cut leaves: of a record of file system calls, every state that the disk may have afterwards.

The model is the weakest that POSIX promises. What is in a file is sure to be there only once the file was synced,
until then any part of it may be missing: all, the end, or everything but the length. A name is sure only once its
directory was synced: until then it may be made, renamed or removed, or not yet, each directory by itself, though
in one directory in order (which every journal keeps). A rename may reach the disk before the content of what is
renamed: that is how files become empty, and what a write has to guard against.
"""

import itertools
import os
import pathlib


class File:
    """A file, whatever its names: what was written, and what of it is sure."""

    def __init__(self, content=b""):
        self.written, self.synced, self.dirty = content, content, False

    def write(self, data):
        self.written, self.dirty = self.written + data, True

    def sync(self):
        self.synced, self.dirty = self.written, False

    def contents(self):
        """All that may be found in it."""
        if not self.dirty:
            return [self.written]
        whole, half = self.written, len(self.written) // 2
        found = [whole, self.synced, b"", whole[:half], whole[:-1], bytes(len(whole)), whole[:half] + bytes(len(whole) - half)]
        return [content for number, content in enumerate(found) if content not in found[:number]]


class Directory:
    """Names that are sure, and what was done to them since."""

    def __init__(self):
        self.sure, self.pending = {}, []

    @staticmethod
    def apply(names, steps):
        names = dict(names)
        for step, name, what in steps:
            if step == "set":
                names[name] = what
            elif step == "remove":
                names.pop(name, None)
            else:  # rename, within the directory
                names[what] = names.pop(name)
        return names

    @property
    def now(self):
        return self.apply(self.sure, self.pending)

    def sync(self):
        self.sure, self.pending = self.now, []

    def states(self):
        """After each number of the steps; a step is there or not as a whole."""
        return [self.apply(self.sure, self.pending[:count]) for count in range(len(self.pending) + 1)]


class Disk:
    """Follows the calls of a record; `drop` says of a call that the disk ignores it, to show that the test can fail."""

    def __init__(self, directories, drop=lambda call: False):
        self.directories, self._drop = {}, drop
        for directory in directories:
            found = self.directories[str(directory)] = Directory()
            for path in pathlib.Path(directory).iterdir():
                if path.is_file():
                    found.sure[path.name] = File(path.read_bytes())

    def _at(self, path):
        directory, name = os.path.split(path)
        return self.directories.get(directory), name

    def follow(self, call):
        if self._drop(call):
            return
        directory, name = self._at(call.path)
        if call.name == "fsync" and call.path in self.directories:
            self.directories[call.path].sync()
        elif directory is None:
            return
        elif call.name == "openat" and call.flags & os.O_CREAT and name not in directory.now:
            directory.pending.append(("set", name, File()))
        elif call.name == "write":
            directory.now[name].write(call.data)
        elif call.name == "fsync":
            directory.now[name].sync()
        elif call.name == "renameat":
            # Two names of one file: then a rename does nothing.
            other = os.path.basename(call.other)
            if name in directory.now and directory.now[name] is not directory.now.get(other):
                directory.pending.append(("rename", name, other))
        elif call.name == "linkat":
            directory.pending.append(("set", os.path.basename(call.other), directory.now[name]))
        elif call.name == "unlinkat" and name in directory.now:
            directory.pending.append(("remove", name, None))

    def _contents(self, names):
        """Each combination of what may be in the files that `names` has."""
        files = list({id(file): file for file in names.values()}.values())
        for chosen in itertools.product(*(file.contents() for file in files)):
            by_file = dict(zip(map(id, files), chosen))
            yield {name: by_file[id(file)] for name, file in names.items()}

    def states(self):
        """{directory: {name: content}} for all that may be there after a power cut now."""
        places = list(self.directories)
        for names in itertools.product(*(self.directories[place].states() for place in places)):
            for contents in itertools.product(*(list(self._contents(found)) for found in names)):
                yield dict(zip(places, contents))


def states_after_each(calls, disk):
    """(number of calls that had been made, a state that there may be then), each state once a number."""
    for number in range(len(calls) + 1):
        if number > 0:
            disk.follow(calls[number - 1])
        seen = []
        for state in disk.states():
            if state not in seen:
                seen.append(state)
                yield number, state


def put(state, modes):
    """Makes the directories hold exactly that. `modes` is what a file of that name has, else 0600."""
    for directory, files in state.items():
        for path in pathlib.Path(directory).iterdir():
            if path.is_file():
                path.unlink()
        for name, content in files.items():
            path = pathlib.Path(directory) / name
            path.write_bytes(content)
            path.chmod(modes(name))
