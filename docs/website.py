"""What MkDocs does with the documents: hooks of `mkdocs.yml`.

The pages are the files as they are read on a code host. The README is the first page, each command
has a page with the texts of its help, and blocks of code for several shells become tabs.
"""

# ruff: noqa: INP001 - documents and scripts, not a package
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs import manual

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
SHELLS = {"console": "bash, zsh", "sh": "bash, zsh", "powershell": "PowerShell", "bat": "cmd"}
_BLOCKS = re.compile(
    r"(?:^```(?:console|sh|powershell|bat)\n(?:(?!```).*\n)*```\n\n?){2,}", re.MULTILINE
)
_BLOCK = re.compile(r"^```(\w+)\n((?:(?!```).*\n)*)```\n", re.MULTILINE)
_SHORT_CODE = re.compile(r"<code>([^<]{1,24})</code>")
_LINK = re.compile(r"\[([^]]*)\]\((?!https?:)((?:\.\./)?[\w./-]*\w)(#[\w-]+)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages of the commands below "Commands"."""
    (reference,) = (each["Reference"] for each in config.nav or () if "Reference" in each)
    (commands,) = (each for each in reference if "Commands" in each)
    commands["Commands"] = [{name: path} for name, path, _ in _commands()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not files of the folder."""
    for name, path in PAGES.items():
        text = _LINK.sub(_from_root, (ROOT / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, path, content=text))
    for _, path, text in _commands():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Return a page whose blocks for several shells are tabs, and whose links are of the site."""
    if "/" not in page.file.src_uri:
        markdown = _LINK.sub(_from_docs, markdown)
    return _BLOCKS.sub(_tabs, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Return a page that never breaks a line within an option, as a browser does after a dash."""
    return _SHORT_CODE.sub(r'<code class="short">\1</code>', html)


def _tabs(blocks: re.Match[str]) -> str:
    found: list[tuple[str, str]] = _BLOCK.findall(blocks[0])
    shells = [SHELLS[language] for language, _ in found]
    if len(set(shells)) != len(shells):  # one after the other, not one in place of the other
        return blocks[0]
    return "".join(
        f'=== "{SHELLS[language]}"\n\n    ```{language}\n'
        + "".join(f"    {line}\n" for line in code.splitlines())
        + "    ```\n\n"
        for language, code in found
    )


def _from_root(link: re.Match[str]) -> str:
    """Return a link of a page from the root as one of the site, or its text if it has no page."""
    text, path, anchor = link[1], link[2], link[3] or ""
    if path in PAGES:
        return f"[{text}]({PAGES[path]}{anchor})"
    if path.startswith("docs/"):
        return f"[{text}]({path.removeprefix('docs/')}{anchor})"
    return text


def _from_docs(link: re.Match[str]) -> str:
    text, path, anchor = link[1], link[2], link[3] or ""
    above = path.removeprefix("../")
    return f"[{text}]({PAGES[above]}{anchor})" if above in PAGES else link[0]


def _commands() -> Iterator[tuple[str, str, str]]:
    """Yield the name, the path and the text of each command's page."""
    for command in manual.commands():
        name = command.usage.split(" [")[0].split(" {")[0].removeprefix("certstrap ")
        yield name, f"commands/{name.replace(' ', '-')}.md", "\n".join(_page(name, command))


def _page(name: str, command: manual.Described) -> Iterable[str]:
    yield from (f"# certstrap {name}", "", *_paragraphs(command.paragraphs))
    yield from ("```text", command.usage, "```", "")
    for heading, rows in command.options.items():
        what = "argument" if heading == "Arguments" else "option"
        yield from (f"## {heading}", "", f"| {what} | what it does |", "| --- | --- |")
        for names, text in rows:
            yield f"| {_code(names)} | {text.replace('|', chr(92) + '|')} |"
        yield ""
    yield from ("## Examples", "", "```sh", *command.examples, "```", "")


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (text, "")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")
