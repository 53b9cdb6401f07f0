"""The runbook as HTML: as much of Markdown as docs/runbook.md uses.

What is none of that becomes a paragraph, so nothing of the runbook is ever lost on the page.
"""
import html
import re

INLINE = re.compile(r"(?P<code>`[^`]+`)|\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)"
                    r"|\*\*(?P<strong>[^*]+)\*\*|(?<![\w*])\*(?P<em>[^*\s][^*]*)\*(?!\w)")


def anchor_of(heading):
    """As GitHub makes them; events and incidents name their sections so."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def inline(text):
    out, at = [], 0
    for found in INLINE.finditer(text):
        out.append(html.escape(text[at:found.start()], quote=False))
        out.append(inline_part(found))
        at = found.end()
    return "".join(out) + html.escape(text[at:], quote=False)


def inline_part(found):
    if found["code"]:
        return f"<code>{html.escape(found['code'][1:-1], quote=False)}</code>"
    if found["strong"]:
        return f"<strong>{inline(found['strong'])}</strong>"
    if found["em"]:
        return f"<em>{inline(found['em'])}</em>"
    # Other files are not on this page's server.
    if not found["to"].startswith("#"):
        return inline(found["text"])
    return f'<a href="{html.escape(found["to"])}">{inline(found["text"])}</a>'


def heading(line):
    marks, text = line.split(" ", 1)
    level = min(len(marks), 6)
    return f'<h{level} id="{anchor_of(text)}">{inline(text.strip())}</h{level}>'


def cells(line, tag):
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    scope = ' scope="col"' if tag == "th" else ""
    return "".join(f"<{tag}{scope}>{inline(part.strip())}</{tag}>" for part in parts)


def table(lines):
    rows = "".join(f"<tr>{cells(line, 'td')}</tr>" for line in lines[2:])
    return f"<table><thead><tr>{cells(lines[0], 'th')}</tr></thead><tbody>{rows}</tbody></table>"


ITEM = re.compile(r"(-|\*|\d+\.) +")


def items(lines):
    """Continuation lines belong to the item before them."""
    found = []
    for line in lines:
        begins = ITEM.match(line)
        if begins:
            found.append(line[begins.end():])
        else:
            found[-1] += " " + line.strip()
    tag = "ol" if lines[0][0].isdigit() else "ul"
    return f"<{tag}>" + "".join(f"<li>{inline(item)}</li>" for item in found) + f"</{tag}>"


def block(lines):
    """Lines without an empty one between them."""
    if lines[0].lstrip().startswith("|") and len(lines) > 2:
        return table(lines)
    if ITEM.match(lines[0]):
        return items(lines)
    begins = next((i for i, line in enumerate(lines) if i and ITEM.match(line)), None)
    if begins:
        return block(lines[:begins]) + items(lines[begins:])
    return f"<p>{inline(' '.join(line.strip() for line in lines))}</p>"


def render(markdown):
    """(contents, body): a list of links to the sections, and all of it."""
    out, lines, fence = [], [], None

    def flush():
        if lines:
            out.append(block(lines))
            lines.clear()

    for line in re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL).splitlines():
        if fence is not None and line.strip() == "```":
            text = html.escape("\n".join(fence), quote=False)
            out.append(f'<pre tabindex="0">{text}</pre>')
            fence = None
        elif fence is not None:
            fence.append(line)
        elif line.lstrip().startswith("```"):
            flush()
            fence = []
        elif line.startswith("#"):  # needs no empty line around it
            flush()
            out.append(heading(line))
        elif line.strip():
            lines.append(line)
        else:
            flush()
    flush()
    sections = re.findall(r"^## (.+)$", markdown, re.MULTILINE)
    contents = "".join(f'<li><a href="#{anchor_of(s)}">{inline(s)}</a></li>' for s in sections)
    return f"<ul>{contents}</ul>", "\n".join(out)
