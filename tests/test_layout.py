"""Tests stand where their modules do, and share code through plain modules alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
MIRRORED = ("config", "modelsettings", "replicate_api", "sandbox", "staging")

# A test file without a module of its name, and why it has none.
WITHOUT_MODULE = {
    "config/http/test_openapi_nulls.py": "a habit of every answer and its description",
    "config/monitoring/test_alarms.py": "of docs/alarms.yml",
    "config/settings/test_cors.py": "of several settings together",
    "config/settings/test_proxy.py": "of several settings together",
    "config/test_signing_in.py": "pages that Django and Unfold draw, in our words",
    "modelsettings/admin/test_searching.py": "the page of settings/search.py",
    "modelsettings/api/test_every_address.py": "a habit of all requests",
    "modelsettings/schema/test_cog.py": "all of the folder, on what Cog published",
    "modelsettings/schema/test_corpus.py": "all of the folder, on published schemas",
    "modelsettings/settings/test_concurrency.py": "all of the folder, at once",
    "modelsettings/settings/test_overridable.py": "one list, through reading, changing and history",
    "modelsettings/test_parameters_page.py": "of docs/parameters.md",
    "modelsettings/test_write_paths.py": "every path on which settings are written",
    "sandbox/endpoints/test_official_client.py": "every endpoint, by Replicate's own client",
    "staging/admin/stage/test_links.py": "every link that leads to the Stage page",
    "staging/api/test_purchase_error_bodies.py": "every refusal of all requests that buy",
    "staging/api/test_strict.py": "a habit of all requests",
    "staging/deletion/test_gone_meanwhile.py": "what each subject does while another deletes",
    "staging/images/test_damage.py": "all of the folder, on broken files",
    "staging/images/test_formats.py": "all of the folder, on files of every kind",
    "staging/images/test_sizes.py": "all of the folder, on large files",
    "staging/images/test_overload.py": "uploads at every door, while all memory is taken",
    "staging/jobs/test_bugs_while_buying.py": "a bug in a subject, seen from each door",
    "staging/jobs/test_every_model.py": "a job's whole way, through each shipped model",
    "staging/jobs/test_turns.py": "whose predictions come next, whatever recorded them",
    "modelsettings/migrations/test_authors.py": "a migration's name is a number",
    "staging/migrations/test_asker.py": "a migration's name is a number",
    "staging/migrations/test_figures.py": "a migration's name is a number",
    "staging/migrations/test_verdicts_and_times.py": "a migration's name is a number",
    "staging/migrations/test_who_saw_all_projects.py": "a migration's name is a number",
    "staging/spending/test_accounts.py": "what an account may spend, through each subject",
    "staging/migrations/test_prompt_permission.py": "a migration's name is a number",
    "staging/test_secrets.py": "the whole of it, looked through for a secret",
    "staging/test_walk.py": "a job's whole way",
}


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, those from a module each with its own name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_test_file(name: str) -> bool:
    """Say whether a dotted name is that of a test file, or of something in one."""
    parts = name.split(".")
    folders = (TESTS.joinpath(*parts[1:count]) for count in range(2, len(parts) + 1))
    return parts[0] == "tests" and any(
        folder.name.startswith("test_") and folder.with_suffix(".py").is_file()
        for folder in folders
    )


def has_module(test: Path) -> bool:
    """Say whether a test file is called like a module, a command or a package where it stands."""
    folder = ROOT / test.relative_to(TESTS).parent
    name = test.stem.removeprefix("test_")
    modules = (folder / f"{name}.py", folder / f"__{name}__.py", folder / "commands" / f"{name}.py")
    return any(module.is_file() for module in modules) or name in (folder.name, *folders_in(folder))


def folders_in(folder: Path) -> Iterator[str]:
    """Yield the names of the packages in a folder."""
    return (path.parent.name for path in folder.glob("*/__init__.py"))


def test_no_file_imports_from_a_test_file() -> None:
    borrowed = {
        f"{path.relative_to(TESTS)}: {name}"
        for path in TESTS.rglob("*.py")
        for name in imported(path)
        if is_test_file(name)
    }

    assert borrowed == set()


@pytest.mark.parametrize("package", MIRRORED)
def test_each_test_file_has_its_module(package: str) -> None:
    tests = (TESTS / package).rglob("test_*.py")
    without = {str(test.relative_to(TESTS)) for test in tests if not has_module(test)}

    assert without == {name for name in WITHOUT_MODULE if name.startswith(f"{package}/")}
