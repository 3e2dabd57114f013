"""How tests change each setting of the miner called Miner."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON

PERCENT = "number.miner_power_percent"
LIMIT = "number.miner_power_limit"
OFFSET = "number.miner_temperature_offset"
MODE = "select.miner_power_mode"
MINING = "switch.miner"
FAST_BOOT = "switch.miner_fast_boot"
WEB_POOLS = "switch.miner_pools_on_web_page"
COOLING = "switch.miner_cooling_after_power_off"
FAN_STOP = "switch.miner_fans_may_stop"
FREQUENCY = "number.miner_frequency_shift"
UPFREQ = "number.miner_tuning_speed"
HEAT_MODE = "select.miner_heat_mode"
START_AFTER_BOOT = "switch.miner_start_after_boot"

# How each setting is changed, the command that goes out, what it then shows.
CHANGES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    MINING: ("switch.turn_off", {}, "power_off", STATE_OFF),
    FAST_BOOT: ("switch.turn_on", {}, "enable_btminer_fast_boot", STATE_ON),
    WEB_POOLS: ("switch.turn_on", {}, "enable_web_pools", STATE_ON),
    PERCENT: ("number.set_value", {"value": 60}, "set_power_pct_v2", "60.0"),
    LIMIT: ("number.set_value", {"value": 3000}, "adjust_power_limit", "3000.0"),
    OFFSET: ("number.set_value", {"value": -5}, "set_temp_offset", "-5.0"),
    MODE: ("select.select_option", {"option": "low"}, "set_low_power", "low"),
    COOLING: ("switch.turn_on", {}, "set_poweroff_cool", STATE_ON),
    FAN_STOP: ("switch.turn_on", {}, "set_fan_zero_speed", STATE_ON),
    FREQUENCY: ("number.set_value", {"value": -10}, "set_target_freq", "-10.0"),
    UPFREQ: ("number.set_value", {"value": 7}, "adjust_upfreq_speed", "7.0"),
}
# Those that only V2.2 has.
CHANGES_OF_V2_2: dict[str, tuple[str, dict[str, Any], str, str]] = {
    HEAT_MODE: (
        "select.select_option",
        {"option": "heating"},
        "set_heat_mode",
        "heating",
    ),
    START_AFTER_BOOT: ("switch.turn_off", {}, "disable_btminer_init", STATE_OFF),
}
