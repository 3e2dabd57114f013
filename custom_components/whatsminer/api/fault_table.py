"""Fault codes of Whatsminers by what they concern. Their texts are in the folder `fault_texts`.

A capital letter in a code stands for digits: N for the slot of a hashboard (0 to 3), P for a pool
(0 to 2), L for a level, CCC for a chip. 999 instead of a chip stands for many chips. The text of the
code has the letter in braces. Where several codes share a text, only the maker knows the difference.

A text says no more than is sure, because a wrong cause is worse than none. Where the sources (other
clients, the vendor's own, reports of owners) contradict one another, as about 240 to 256, 43N, 44N,
51N and 503N, it allows for both. Of 110 and 111 all but one source say the same. Codes of four
digits from 52 to 58 are known only as far as they are listed: other clients read their last digit as
a chip, but in what miners were seen to report it is the slot.
"""

from collections.abc import Mapping
from enum import StrEnum


class Category(StrEnum):
    """The part of a miner that a fault concerns."""

    FAN = "fan"
    POWER_SUPPLY = "power_supply"
    TEMPERATURE = "temperature"
    ENVIRONMENT = "environment"
    COOLANT = "coolant"
    HASHBOARD = "hashboard"
    CHIP = "chip"
    PERFORMANCE = "performance"
    CONTROL_BOARD = "control_board"
    NETWORK = "network"
    POOL = "pool"
    FIRMWARE = "firmware"
    FACTORY = "factory"
    """Checks at the factory, and data that the factory stores in the miner."""
    SECURITY = "security"
    OTHER = "other"


CODES: Mapping[Category, str] = {
    Category.FAN: "100 110 111 120 121 130 131 140",
    Category.POWER_SUPPLY: """
        200 201 202 203 204 205 206 207 208 209 210 211 212 213 214 215 216 217 218 219
        233 234 235 236 237 238 239 240 241 243 244 245 246 247 248 249 250 251 253 254
        255 256 257 263 264 265 266 267 268 269 270 271 272 273 274 275 276 277 278 279
        280 281 282 283 284 285 286 287 288 289 290 291 292 293 294 295 296
    """,
    Category.TEMPERATURE: "30N 32N 329 34N 35N 36N",
    Category.ENVIRONMENT: "330 370 380 381 382 383 600 610",
    Category.HASHBOARD: """
        400 41N 42N 43N 44N 45N 500 51N 52N 53N 54N 55N 56N 57N 58N 59N 511N 512N 513N
        514N 517N 541N 543N 572N 601N 810
    """,
    Category.COOLANT: "335 507N 620 652",
    Category.CHIP: """
        501N 502N 503N 504N 505N 5080 509N 52NCCC 52N999 53NCCC 53N999 54NCCC 54N999
        55NCCC 55N999 56NCCC 56N999 58N999
    """,
    Category.PERFORMANCE: "900 901 902 2310 2320 2330 2340 2350",
    Category.CONTROL_BOARD: "700 701 704 710 711 712 714 72N",
    Category.NETWORK: "713",
    Category.POOL: "2000 2010 202P 2030 2040 2050",
    Category.FIRMWARE: "800 801 802 8000 8200 8210 8220 8400 8410 9000 9010",
    Category.FACTORY: """
        211N 8010 8020 8035 8100 8300 85L0 85L1 85L2 85L3 85L4 8600 8610 8620 8621 8630
        8631 8632 8640 8641 8642 8643 8644 8650 8660 8670 8700
    """,
    Category.SECURITY: "100000 100001 100002 100003 100100 110000 110001",
    Category.OTHER: "9999",
}

# The category of a code that is not in the table, by its type: all but its last two digits.
CATEGORIES: Mapping[str, Category] = {
    "1": Category.FAN,
    "2": Category.POWER_SUPPLY,
    "3": Category.TEMPERATURE,
    "4": Category.HASHBOARD,
    "5": Category.HASHBOARD,
    "6": Category.ENVIRONMENT,
    "7": Category.CONTROL_BOARD,
    "8": Category.FIRMWARE,
    "9": Category.PERFORMANCE,
    "20": Category.POOL,
    "21": Category.FACTORY,
    "23": Category.PERFORMANCE,
    "50": Category.CHIP,
    "51": Category.HASHBOARD,
    "52": Category.HASHBOARD,
    "53": Category.HASHBOARD,
    "54": Category.HASHBOARD,
    "55": Category.HASHBOARD,
    "56": Category.HASHBOARD,
    "57": Category.HASHBOARD,
    "58": Category.HASHBOARD,
    "60": Category.HASHBOARD,
    "80": Category.FIRMWARE,
    "81": Category.FACTORY,
    "82": Category.FIRMWARE,
    "83": Category.FACTORY,
    "84": Category.FIRMWARE,
    "85": Category.FACTORY,
    "86": Category.FACTORY,
    "87": Category.FACTORY,
    "90": Category.FIRMWARE,
    "1000": Category.SECURITY,
    "1001": Category.SECURITY,
    "1100": Category.SECURITY,
}

# Codes that the vendor's own client does not count as faults. It has one list for the M30 and the
# M56S, and another for the M53. The cooling does not explain the difference: the M56S is cooled by
# liquid like the M53. So a code has the same severity on every miner: it is minor if it is on the
# first list, or if its name in the sources says "warning". The codes that only the second list has
# (202, 264 to 267, 271, 276 to 280) are faults on the other miners, and missing a fault costs more
# than checking a minor one in vain. The vendor lists 320 to 322, 5140 and 5141 for the slots that
# its models have; here all slots have the same severity. Protections that acted (203, 236, 248, 270,
# 620) are on that first list, too, but no protection is minor: the miner may have stopped.
MINOR = frozenset(
    {
        *("204", "205", "206", "217", "219", "275"),
        *("32N", "514N", "714", "901", "2320", "2330", "2350"),
        *("263", "272", "273", "274"),  # warnings by name, and so is 275
    }
)
