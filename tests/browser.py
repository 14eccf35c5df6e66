"""A browser without JavaScript: follows links and redirects, keeps cookies, sends forms as a person would. By ids."""

import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

_VOID = {"input", "meta", "link", "br", "img", "hr"}
_LEFT_OUT = {"checkbox", "radio", "submit", "button", "file"}


@dataclass
class Form:
    id: str | None
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> name, value


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


class Page(HTMLParser):
    """What a person can act on: elements by id, forms, metas by name."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response, self.url, self.status = response, str(response.url), response.status_code
        self.ids: dict[str, Element] = {}
        self.metas: dict[str, str] = {}
        self.forms: list[Form] = []
        self._open: list[Element] = []
        self._form: Form | None = None
        self._textarea: str | None = None
        self._select: str | None = None
        self.feed(response.text)

    def __getitem__(self, id_: str) -> Element:
        if id_ not in self.ids:
            raise AssertionError(f"no #{id_} on {self.url} ({self.status}); there are {', '.join(self.ids) or 'none'}")
        return self.ids[id_]

    def __contains__(self, id_: str) -> bool:
        return id_ in self.ids

    def form(self, id_: str) -> Form:
        """By its own id, or by the id of its button."""
        for form in self.forms:
            if form.id == id_ or id_ in form.buttons:
                return form
        raise AssertionError(f"no form #{id_} on {self.url} ({self.status})")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes)
        if "id" in attributes:
            self.ids[attributes["id"]] = element
        if tag not in _VOID:
            self._open.append(element)
        if tag == "meta" and "name" in attributes:
            self.metas[attributes["name"]] = attributes.get("content", "")
        if tag == "form":
            action = urljoin(self.url, attributes.get("action") or self.url)
            self._form = Form(attributes.get("id"), action, attributes.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(tag, attributes, self._form)

    def _control(self, tag: str, attributes: dict[str, str], form: Form) -> None:
        name, value, kind = attributes.get("name", ""), attributes.get("value", ""), attributes.get("type", "text")
        if tag == "button" and "id" in attributes:
            form.buttons[attributes["id"]] = (name, value)
        elif tag == "input" and name and (kind not in _LEFT_OUT or "checked" in attributes):
            form.fields.append((name, value))
        elif tag == "textarea":
            self._textarea = name
            form.fields.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select is not None:
            chosen = [known for known, _ in form.fields].count(self._select)
            if "selected" in attributes or not chosen:
                form.fields = [(known, old) for known, old in form.fields if known != self._select]
                form.fields.append((self._select, value))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        if self._textarea is not None and self._form is not None:
            name, value = self._form.fields.pop()
            self._form.fields.append((name, value + data))


class Browser:
    def __init__(self, *, transport: httpx.BaseTransport | None = None, ca_bundle: str | None = None) -> None:
        trusted = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True
        self.client = httpx.Client(
            follow_redirects=True, timeout=10.0, trust_env=False, transport=transport, verify=trusted
        )
        self.client.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def open(self, url: str) -> Page:
        return Page(self.client.get(url))

    def click(self, page: Page, id_: str) -> Page:
        return self.open(urljoin(page.url, page[id_].attributes["href"]))

    def submit(
        self, page: Page, id_: str, files: dict[str, tuple[str, bytes, str]] | None = None, **filled: str
    ) -> Page:
        """Send the form with this id, or the one of the button with this id, with some fields filled in."""
        form = page.form(id_)
        unknown = set(filled) - {name for name, _ in form.fields}
        assert not unknown, f"no fields {unknown} on {page.url}"
        values = {name: filled.get(name, value) for name, value in form.fields}
        name, value = form.buttons.get(id_, ("", ""))
        if name:
            values[name] = value
        if form.method == "get":
            return Page(self.client.get(form.action, params=values))
        return Page(self.client.post(form.action, data=values, files=files))
