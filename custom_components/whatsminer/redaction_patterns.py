"""Redacts texts: known private names, and everything that has the form of an address.

The work is linear in the length of a text, whatever it contains and however many names there are:
every pattern tries each start once, and gives up after so many characters or never goes back.
"""

from collections.abc import Iterable, Iterator
from itertools import batched
import re
from typing import Final

from homeassistant.helpers.redact import REDACTED

MAC: Final = re.compile(
    r"(?<!\d)(?:[0-9a-f]{2}[:_-]){5}[0-9a-f]{2}(?!\d)", re.IGNORECASE | re.ASCII
)
IPV4: Final = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)", re.ASCII)
# Eight groups, or fewer with "::". A time has three, and "::" alone is no address of a device.
# What ends in an IPv4 address is redacted together with that.
IPV6: Final = re.compile(
    r"""(?<![0-9a-z])
    (?: (?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}
      | [0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?
      | ::[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}
    )
    (?![0-9a-z])
    (?:%[\w.-]{1,32})?  # the zone: which interface""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_FORMS: Final = (
    MAC,
    IPV4,
    IPV6,
    # A MAC address without separators.
    re.compile(
        r"(?<![0-9a-z])(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{12}(?![0-9a-z])",
        re.IGNORECASE | re.ASCII,
    ),
    # The address of a pool, or any other with a scheme.
    re.compile(r'(?:(?<![\w+.-])[\w+.-]++)?://[^\s"]++'),
    # Of an e-mail account, but not "650MHz@12.5V".
    re.compile(r"(?:(?<![\w+.%-])[\w+.%-]++)?@(?!\d++\.\d)[\w-]++(?:\.[\w-]++)++"),
    # A purse, of any coin, or a serial number. Not an error code of 64 bits; those of the chips
    # on a hashboard are shorter.
    re.compile(
        r"""(?<![0-9a-z])
        (?!0x[0-9a-f]{1,16}(?![0-9a-z]))
        (?=\d*+[a-z])(?=[a-z]*+\d)[0-9a-z]{16,}+""",
        re.IGNORECASE | re.ASCII | re.VERBOSE,
    ),
)

# A text is words and what parts them; an underscore parts words, too.
_TOKEN: Final = re.compile(r"[^\W_]++|[\W_]++")
# A longer name is several names of so many words, so that none is compared for long.
_MOST_WORDS: Final = 8
# Shorter ones stand in too many words.
_SHORTEST_NAME: Final = 4
# Words that readings are made of, and accounts and hosts are called by; and just a model: "M30S",
# "Whatsminer M63S++", "M30S+_VE40".
_NO_NAME: Final = re.compile(
    r"""account|admin|alive|antminer|auto|boards?|btminer|cgminer|chips?|dead|default|devs|dhcp
    |disabled?|edevs|enabled?|error|false|fast|firmware|frequency|hash|high|host|info|limit
    |local|localhost|miners?|mining|mode|none|normal|null|pools?|power|rate|redacted|root|slot
    |static|status|stratum|summary|super|target|temp|temperature|test|time|true|unknown|user
    |username|version|voltage|whatsminer|workers?
    |(?:whatsminer[ ])?m\d[\db]s?\+{0,2}(?:[ _]?v[\da-z]{1,4})?""",
    re.IGNORECASE | re.VERBOSE,
)

# What may follow a word or a separator of a name.
type _Node = dict[str, _Node]
_END: Final = ""


class PrivateText:
    """Private names, which are redacted in any number of texts together with addresses."""

    def __init__(self, names: Iterable[str]) -> None:
        """Learn the names."""
        self._root: _Node = {}
        for name in names:
            self._learn(name)

    def hide(self, text: str) -> str:
        """Return a text in which private names and addresses are redacted."""
        spans = [match.span() for form in _FORMS for match in form.finditer(text)]
        spans += self._names_in(text)
        pieces: list[str] = []
        hidden = 0
        for start, end in sorted(spans):
            if start > hidden or not pieces:
                pieces += (text[hidden:start], REDACTED)
            hidden = max(hidden, end)
        return "".join((*pieces, text[hidden:]))

    def _learn(self, name: str) -> None:
        tokens = _TOKEN.findall(name)
        if tokens and not tokens[0][0].isalnum():
            del tokens[0]
        for piece in batched(tokens, 2 * _MOST_WORDS, strict=False):
            words = piece if piece[-1][0].isalnum() else piece[:-1]
            text = "".join(words)
            if len(text) < _SHORTEST_NAME or _NO_NAME.fullmatch(text):
                continue
            node = self._root
            for word in words:
                node = node.setdefault(word.casefold(), {})
            node[_END] = {}

    def _names_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Return where names stand in a text, as words of their own."""
        if not self._root:
            return
        tokens = _TOKEN.findall(text)
        folded = [token.casefold() for token in tokens]
        start = 0
        for index, token in enumerate(tokens):
            found = end = start
            node = self._root
            for position in range(index, len(tokens)):
                if folded[position] not in node:
                    break
                node = node[folded[position]]
                end += len(tokens[position])
                if _END in node:
                    found = end
            if found > start:
                yield start, found
            start += len(token)
