"""The fault codes that are known, for the tests of what they mean."""

from itertools import product

from custom_components.whatsminer.api import Category

# Every code that is known, written down a second time, so that a lost one is noticed. In these,
# N is the slot of a hashboard, P a pool, L a level, CCC the number of a chip.
KNOWN = {
    Category.FAN: "100 110 111 120 121 130 131 140",
    Category.POWER_SUPPLY: """
        200 201 202 203 204 205 206 207 208 209
        210 211 212 213 214 215 216 217 218 219
        233 234 235 236 237 238 239
        240 241 243 244 245 246 247 248 249
        250 251 253 254 255 256 257
        263 264 265 266 267 268 269
        270 271 272 273 274 275 276 277 278 279
        280 281 282 283 284 285 286 287 288 289
        290 291 292 293 294 295 296
    """,
    Category.TEMPERATURE: "30N 32N 329 34N 35N 36N",
    Category.ENVIRONMENT: "330 370 380 381 382 383 600 610",
    Category.HASHBOARD: """
        400 41N 42N 43N 44N 45N
        500 51N 52N 53N 54N 55N 56N 57N 58N 59N
        511N 512N 513N 514N 517N
        541N 543N 572N 601N
        810
    """,
    Category.COOLANT: "335 507N 620 652",
    Category.CHIP: """
        501N 502N 503N 504N 505N 5080 509N
        52NCCC 53NCCC 54NCCC 55NCCC 56NCCC
        52N999 53N999 54N999 55N999 56N999 58N999
    """,
    Category.PERFORMANCE: "900 901 902 2310 2320 2330 2340 2350",
    Category.CONTROL_BOARD: "700 701 704 710 711 712 714 72N",
    Category.NETWORK: "713",
    Category.POOL: "2000 2010 202P 2030 2040 2050",
    Category.FIRMWARE: "800 801 802 8000 8200 8210 8220 8400 8410 9000 9010",
    Category.FACTORY: """
        211N
        8010 8020 8035 8100 8300
        85L0 85L1 85L2 85L3 85L4
        8600 8610 8620 8621 8630 8631 8632 8640 8641 8642 8643 8644
        8650 8660 8670 8700
    """,
    Category.SECURITY: "100000 100001 100002 100003 100100 110000 110001",
    Category.OTHER: "9999",
}
ROWS = {row: category for category, rows in KNOWN.items() for row in rows.split()}

# Protections, by their names in the sources; 620 protects from the temperature of the coolant.
PROTECTIONS = """
    203 233 234 235 236 237 238 239 240 243 244 245 246 247 248 249 250 251 255 256 257
    267 268 269 270 271 35N 383 505N 54NCCC 54N999 620
"""


def expand(row: str) -> list[str]:
    """Return the codes that a row stands for, with only some of the chips."""
    if "CCC" in row:
        return [
            code
            for chip in ("000", "007", "042", "110", "998")
            for code in expand(row.replace("CCC", chip))
        ]
    digits_of = {"N": "0123", "P": "012", "L": "0123456789"}
    places = [digits_of.get(c, c) for c in row]
    return ["".join(digits) for digits in product(*places)]


CODES = {code: row for row in ROWS for code in expand(row)}
BOARD_ROWS = {row for row in ROWS if "N" in row}
