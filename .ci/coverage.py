"""What .ci/coverage prints: for each file of src how many of its lines run, without tests that are in it, from an lcov file."""

import pathlib
import sys

LEAST = 95.0
# Tests, and what only they and the fuzzer call.
NOT_SHIPPED = ("_tests.rs", "properties.rs", "fuzzing.rs", "agreement.rs")


def shipped(source):
    """The number of lines before the file's own tests."""
    lines = pathlib.Path(source).read_text().splitlines()
    for number, line in enumerate(lines):
        if line == "#[cfg(test)]" and lines[number + 1].startswith("mod tests"):
            return number
    return len(lines)


def runs(lcov):
    """For each source: how often each line ran."""
    counts = {}
    for line in pathlib.Path(lcov).read_text().splitlines():
        kind, _, value = line.partition(":")
        if kind == "SF":
            file = counts.setdefault(value, {})
        elif kind == "DA":
            number, count = value.split(",")[:2]
            file[int(number)] = max(int(count), file.get(int(number), 0))
    return counts


def main(lcov):
    total, ran, unexplained = 0, 0, []
    explained = pathlib.Path("docs/coverage.md").read_text()
    for source, counts in sorted(runs(lcov).items()):
        name = source.removeprefix(f"{pathlib.Path.cwd()}/")
        if not name.startswith("src/") or name.endswith(NOT_SHIPPED):
            continue
        counts = {line: count for line, count in counts.items() if line <= shipped(source)}
        missed = sorted(line for line, count in counts.items() if count == 0)
        total += len(counts)
        ran += len(counts) - len(missed)
        print(f"{name}: {len(counts) - len(missed)} of {len(counts)}, not {missed}")
        text = pathlib.Path(source).read_text().splitlines()
        if name.startswith("src/ffi/"):
            unexplained += [f"{name}:{line}: {text[line - 1].strip()}" for line in missed]
    unexplained = [line for line in unexplained if f"`{line.split(': ', 1)[1]}`" not in explained]
    print(f"{ran} of {total} lines run: {100 * ran / total:.2f} %")
    print("\n".join(f"not explained in docs/coverage.md: {line}" for line in unexplained))
    return 1 if unexplained or 100 * ran / total < LEAST else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
