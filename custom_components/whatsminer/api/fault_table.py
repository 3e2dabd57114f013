"""Fault codes of Whatsminers and their texts, one line for each code.

A capital letter in a code stands for digits: N for the slot of a hashboard (0 to 3), P for a pool
(0 to 2), L for a level, CCC for a chip. 999 instead of a chip stands for many chips. The text has
the letter in braces. Where several codes share a text, only the maker knows the difference.

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


TEXTS: Mapping[Category, Mapping[str, str]] = {
    Category.FAN: {
        "100": "A fan has a fault of unknown cause. Check the fans and their cables.",
        "110": "The intake fan is about 1000 rpm off the speed it should have. Check the fan and its cable.",
        "111": "The exhaust fan is about 1000 rpm off the speed it should have. Check the fan and its cable.",
        "120": "The intake fan is more than 2000 rpm off the speed it should have. Check the fan and its cable.",
        "121": "The exhaust fan is more than 2000 rpm off the speed it should have. Check the fan and its cable.",
        "130": "The intake fan is more than 3000 rpm off the speed it should have. Check the fan and its cable.",
        "131": "The exhaust fan is more than 3000 rpm off the speed it should have. Check the fan and its cable.",
        "140": "The fans run too fast. Check that nothing blocks the air, and that the air is not too hot.",
    },
    Category.POWER_SUPPLY: {
        "200": "No power supply is detected. Check its cable to the control board.",
        "201": "The model of the power supply does not match the configuration. Use one that is made for this miner.",
        "202": "The power supply gives a wrong output voltage.",
        "203": "The power supply shuts down to protect itself, because the air around it is too hot. Let cooler air in.",
        "204": "The power supply gives less current, because the air around it is too hot. Let cooler air in.",
        "205": "Something is wrong with the output current of the power supply.",
        "206": "The input voltage of the power supply is too low. Check the mains voltage and the power cable.",
        "207": "The power supply limits its input current, because the mains supply is poor. Check the mains and the power cable.",
        "208": "Something is wrong with the power that the power supply measures.",
        "209": "The output voltage of the power supply drifts away from the voltage that is set.",
        "210": "The power supply reports a fault of its own.",
        "211": "Something is wrong with the output current of the power supply. Restart the miner.",
        "212": "The output voltage of the power supply is at the limit of its range (about 11.5 to 15 V).",
        "213": "The input voltage and current of the power supply do not fit its output.",
        "214": "The input power that the power supply measures does not change. Its reading may be wrong.",
        "215": "The output voltage of the power supply cannot be set.",
        "216": "The power reading of the power supply has been frozen for a long time.",
        "217": "The output of the power supply cannot be switched on.",
        "218": "The mains voltage is below about 230 V, which is too low for high power mode. Use a lower power mode, or raise the voltage.",
        "219": "The power supply measures its input current wrongly.",
        "233": "The output side of the power supply is too hot, and a protection tripped. Check its cooling.",
        "234": "The output side of the power supply is too hot, and a protection tripped. Check its cooling.",
        "235": "The output side of the power supply is too hot, and a protection tripped. Check its cooling.",
        "236": "The output current of the power supply is too high, and a protection tripped.",
        "237": "The output current of the power supply is too high, and a protection tripped.",
        "238": "The output current of the power supply is too high, and a protection tripped.",
        "239": "The output voltage of the power supply is too high, and a protection tripped.",
        "240": "The output voltage of the power supply is too low or too high, and a protection tripped.",
        "241": "The output phases of the power supply carry unequal currents, or its input voltage is too low.",
        "243": "The input side of the power supply is too hot or its input voltage too high, and a protection tripped. Check its cooling and the mains voltage.",
        "244": "The input side of the power supply is too hot or its input voltage too high, and a protection tripped. Check its cooling and the mains voltage.",
        "245": "The input side of the power supply is too hot or its input voltage too high, and a protection tripped. Check its cooling and the mains voltage.",
        "246": "The input voltage or current of the power supply is too high, and a protection tripped. Check the mains voltage.",
        "247": "The input voltage or current of the power supply is too high, and a protection tripped. Check the mains voltage.",
        "248": "The input voltage or current of the power supply is too high, and a protection tripped. Check the mains voltage.",
        "249": "The input voltage or current of the power supply is too high, and a protection tripped. Check the mains voltage.",
        "250": "The input voltage of the power supply is too low, and a protection tripped. Check the mains voltage.",
        "251": "The input voltage of the power supply is too low, and a protection tripped. Check the mains voltage.",
        "253": "The fan of the power supply has a fault. Check that it turns.",
        "254": "The fan of the power supply has a fault. Check that it turns.",
        "255": "The output power of the power supply is too high or its output side too hot, and a protection tripped. Lower the power limit.",
        "256": "The output power of the power supply is too high or its output side too hot, and a protection tripped. Lower the power limit.",
        "257": "The current on the primary side of the power supply is too high, and a protection tripped.",
        "263": "The miner has trouble talking to the power supply. Check the cable between them.",
        "264": "The miner cannot talk to the power supply. Check the cable between them.",
        "265": "The power supply has a fault of unknown cause.",
        "266": "The power supply has a fault of unknown cause.",
        "267": "The watchdog of the power supply tripped.",
        "268": "The output current of the power supply is too high, and a protection tripped.",
        "269": "The input current of the power supply is too high, and a protection tripped. Check the mains voltage.",
        "270": "The input voltage of the power supply is too high, and a protection tripped. Check the mains voltage.",
        "271": "The input voltage of the power supply is too low, and a protection tripped. Check the mains voltage.",
        "272": "The output power of the power supply is very high. Lower the power limit.",
        "273": "The input power of the power supply is very high. Lower the power limit.",
        "274": "Something is wrong with the fan of the power supply. Check that it turns.",
        "275": "The power supply is getting hot. Check its cooling.",
        "276": "The power supply has a fault of unknown cause.",
        "277": "The power supply has a fault of unknown cause.",
        "278": "The power supply has a fault of unknown cause.",
        "279": "The power supply has a fault of unknown cause.",
        "280": "The power supply has a fault of unknown cause.",
        "281": "The power supply sets bit 0 of its status word 1, which only its maker can explain.",
        "282": "The power supply sets bit 1 of its status word 1, which only its maker can explain.",
        "283": "The power supply sets bit 2 of its status word 1, which only its maker can explain.",
        "284": "The power supply sets bit 3 of its status word 1, which only its maker can explain.",
        "285": "The power supply sets bit 4 of its status word 1, which only its maker can explain.",
        "286": "The power supply sets bit 5 of its status word 1, which only its maker can explain.",
        "287": "The power supply sets bit 6 of its status word 1, which only its maker can explain.",
        "288": "The power supply sets bit 7 of its status word 1, which only its maker can explain.",
        "289": "The power supply sets bit 0 of its status word 2, which only its maker can explain.",
        "290": "The power supply sets bit 1 of its status word 2, which only its maker can explain.",
        "291": "The power supply sets bit 2 of its status word 2, which only its maker can explain.",
        "292": "The power supply sets bit 3 of its status word 2, which only its maker can explain.",
        "293": "The power supply sets bit 4 of its status word 2, which only its maker can explain.",
        "294": "The power supply sets bit 5 of its status word 2, which only its maker can explain.",
        "295": "The power supply sets bit 6 of its status word 2, which only its maker can explain.",
        "296": "The power supply sets bit 7 of its status word 2, which only its maker can explain.",
    },
    Category.TEMPERATURE: {
        "30N": "Hashboard {N} has no temperature sensor that the miner can find. Check the cable of the board.",
        "32N": "The temperature of Hashboard {N} cannot be read. Check the cable of the board.",
        "329": "The temperature sensor of the control board does not answer.",
        "34N": "Hashboard {N} is slowed down because of its temperature. Check the cooling.",
        "35N": "Hashboard {N} is too hot, and a protection tripped. Check the cooling.",
        "36N": "Hashboard {N} is too hot. Check the cooling.",
    },
    Category.ENVIRONMENT: {
        "330": "The temperature around the miner cannot be read.",
        "370": "The temperature around the miner changes too fast.",
        "380": "No humidity sensor is found.",
        "381": "The humidity cannot be read.",
        "382": "The humidity cannot be read.",
        "383": "The miner protects itself from humidity.",
        "600": "The air around the miner is too hot. Let cooler air in.",
        "610": "The air around the miner is too hot for high performance mode. The miner falls back to normal mode.",
    },
    Category.HASHBOARD: {
        "400": "The memory (EEPROM) of a hashboard has a fault of unknown cause.",
        "41N": "The memory (EEPROM) of Hashboard {N} is not found. Check the cable of the board.",
        "42N": "The memory (EEPROM) of Hashboard {N} has invalid content.",
        "43N": "The memory (EEPROM) of Hashboard {N} names a wrong chip grade, or cannot be read.",
        "44N": "The memory (EEPROM) of Hashboard {N} names a wrong number of chips, or cannot be read.",
        "45N": "The memory (EEPROM) of Hashboard {N} cannot be transferred. Check the cable of the board.",
        "500": "A hashboard has a fault of unknown cause.",
        "51N": "Hashboard {N} does not fit this miner or its control board.",
        "52N": "The chip grade of Hashboard {N} does not match.",
        "53N": "Hashboard {N} is not found. Check that it is plugged in.",
        "54N": "The chips of Hashboard {N} cannot be identified.",
        "55N": "Hashboard {N} has bad chips.",
        "56N": "The chips of Hashboard {N} are out of balance.",
        "57N": "Data cannot be transferred to or from the chips of Hashboard {N}.",
        "58N": "Hashboard {N} cannot be reset.",
        "59N": "The frequency of Hashboard {N} is too low.",
        "511N": "Hashboard {N} takes too long to reach its frequency.",
        "512N": "Too much data is damaged on its way to or from Hashboard {N}. Check the cable of the board.",
        "513N": "Hashboard {N} is unstable.",
        "514N": "Hashboard {N} reports something that nobody but its maker can explain.",
        "517N": "Hashboard {N} takes too long to reach its frequency.",
        "541N": "The serial connection to Hashboard {N} does not start. Check the cable of the board.",
        "543N": "Hashboard {N} does not start: it sends no data. Check the cable of the board.",
        "572N": "Too much data is damaged on its way to or from Hashboard {N}. Check the cable of the board.",
        "601N": "Too many chips of Hashboard {N} are switched off.",
        "810": "A hashboard for air cooling is in a liquid-cooled miner: its serial number does not match.",
    },
    Category.COOLANT: {
        "335": "The temperature of the coolant at the inlet cannot be read.",
        "507N": "The water flow at Hashboard {N} is not as it should be. Check the pump, the valves and the hoses.",
        "620": "The miner protects itself because of the temperature of its coolant. Check the cooling.",
        "652": "The temperature of the coolant is unstable. Check the cooling.",
    },
    Category.CHIP: {
        "501N": "The voltage of the chips on Hashboard {N} is too low.",
        "502N": "The voltage of the chips on Hashboard {N} has changed.",
        "503N": "The voltages or the temperatures of the chips on Hashboard {N} are not as they should be. Check the cooling.",
        "504N": "The hottest chip on Hashboard {N} is far hotter than the others. Check the cooling.",
        "505N": "Hashboard {N} stopped hashing because a chip is too hot. Check the cooling.",
        "5080": "The temperatures of the chips could not be calibrated. If it stays, a factory reset may help, which erases all settings.",
        "509N": "The chip temperatures of Hashboard {N} are out of balance after calibration.",
        "52NCCC": "Chip {C} on Hashboard {N} gives wrong results.",
        "52N999": "Chips on Hashboard {N} give wrong results.",
        "53NCCC": "Chip {C} on Hashboard {N} gives too few results.",
        "53N999": "Chips on Hashboard {N} give too few results.",
        "54NCCC": "Chip {C} on Hashboard {N} is too hot, and a protection tripped. Check the cooling.",
        "54N999": "Chips on Hashboard {N} are too hot, and a protection tripped. Check the cooling.",
        "55NCCC": "Chip {C} on Hashboard {N} was reset.",
        "55N999": "Chips on Hashboard {N} were reset.",
        "56NCCC": "Chip {C} on Hashboard {N} gives no results.",
        "56N999": "Chips on Hashboard {N} give no results.",
        "58N999": "Hashboard {N} has too many bad chips.",
    },
    Category.PERFORMANCE: {
        "900": "Something is wrong with the power that the hash rate takes. The cause is unknown.",
        "901": "The efficiency (W per TH/s) is out of its range.",
        "902": "Something is wrong with the power that the hash rate takes. The cause is unknown.",
        "2310": "The hash rate is too low.",
        "2320": "The hash rate is too low.",
        "2330": "The miner loses too much hash rate.",
        "2340": "The miner loses too much hash rate.",
        "2350": "The miner loses hash rate.",
    },
    Category.CONTROL_BOARD: {
        "700": "The control board has an invalid MAC address.",
        "701": "The control board does not support the chips. Use one that is made for this miner.",
        "704": "The frequency of the processor on the control board is not as it should be.",
        "710": "The control board restarted unexpectedly.",
        "711": "The control board restarted unexpectedly and slowed its processor down. Update the firmware.",
        "712": "The control board restarted unexpectedly.",
        "714": "The control board has a fault of unknown cause.",
        "72N": "The control board receives damaged data from Hashboard {N}. Check the cable of the board.",
    },
    Category.NETWORK: {
        "713": "The network is unstable, and the clock of the miner jumped. Check the network.",
    },
    Category.POOL: {
        "2000": "No pool is set. Enter one.",
        "2010": "All pools are disabled. Check the pools.",
        "202P": "Pool {P} cannot be reached. Check its address and the network.",
        "2030": "The pool rejects too many shares.",
        "2040": "The pool does not support version rolling (AsicBoost). Choose another pool.",
        "2050": "The miner could not switch to the new pool. Check its settings.",
    },
    Category.FIRMWARE: {
        "800": "The mining program is damaged or changed: its checksum is wrong. Install the firmware again.",
        "801": "The system monitor is damaged or changed: its checksum is wrong. Install the firmware again.",
        "802": "The remote access program is damaged or changed: its checksum is wrong. Install the firmware again.",
        "8000": "The management tool is too old. Update it.",
        "8200": "The power supply has a wrong version.",
        "8210": "The type of the miner is wrong.",
        "8220": "The version information is wrong.",
        "8400": "The firmware is too old. Update it.",
        "8410": "The software has a wrong version. Install the firmware that is made for this miner.",
        "9000": "A program in the miner crashed.",
        "9010": "A program in the miner crashed.",
    },
    Category.FACTORY: {
        "211N": "Hashboard {N} failed a step of the factory test.",
        "8010": "The frequency was too low in the quality check.",
        "8020": "The hash rate was too low in the quality check.",
        "8035": "The air was too hot in the quality check.",
        "8100": "The data of the chips is wrong.",
        "8300": "The data of the levels is empty.",
        "85L0": "The hash rate is below standard level {L}.",
        "85L1": "The power consumption does not meet standard level {L}.",
        "85L2": "The fan speed is below standard level {L}.",
        "85L3": "The fan speed is below standard level {L}.",
        "85L4": "The voltage is below standard level {L}.",
        "8600": "The serial number of the product is missing.",
        "8610": "The product type is missing.",
        "8620": "The serial number of the miner is missing.",
        "8621": "The serial number of the miner has the wrong length.",
        "8630": "The serial number of the power supply is missing.",
        "8631": "The serial number of the power supply is wrong.",
        "8632": "The serial number of the miner is faulty.",
        "8640": "The model of the power supply is missing.",
        "8641": "The model name of the power supply is wrong.",
        "8642": "The model of the power supply has a wrong output voltage.",
        "8643": "The model of the power supply has a wrong rating.",
        "8644": "The model of the power supply has a wrong format.",
        "8650": "The structure of the hashboards is wrong.",
        "8660": "The type of cooling is wrong.",
        "8670": "The serial number of a hashboard is missing.",
        "8700": "The miner and the power supply do not match.",
    },
    Category.SECURITY: {
        "100000": "The security library has a fault. Update the firmware.",
        "100001": "The virus protection data has an illegal signature. Install the firmware again.",
        "100002": "The start script was changed: its digest is illegal. Install the firmware again.",
        "100003": "A partition was changed: its digest is illegal. Install the firmware again.",
        "100100": "An illegal mining program was found and removed. Update the firmware.",
        "110000": "An illegal file was found. Update the firmware.",
        "110001": "Virus 0001 was found and removed. Update the firmware.",
    },
    Category.OTHER: {
        "9999": "The miner has a fault of unknown cause.",
    },
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
# 620) are on that first list, too, but `faults` counts no protection as minor.
MINOR = frozenset(
    {
        *("203", "204", "205", "206", "217", "219", "236", "248", "270", "275"),
        *("32N", "514N", "620", "714", "901", "2320", "2330", "2350"),
        *("263", "272", "273", "274"),  # warnings by name, and so is 275
    }
)
