/** What the web page knows of a home, as far as the dashboard asks for it. */

import { readFileSync } from "node:fs";

const FOLDER = new URL("../../custom_components/whatsminer/", import.meta.url);

/** The translations of the integration, as the web page has them: "component.whatsminer.entity.…". */
export function translationsIn(language) {
  const { entity } = JSON.parse(readFileSync(new URL(`translations/${language}.json`, FOLDER)));
  const found = { "component.sensor.entity_component.power.name": { en: "Power", de: "Leistung" }[language] };
  const add = (path, value) => {
    if (typeof value === "string") found[path] = value;
    else for (const [key, each] of Object.entries(value)) add(`${path}.${key}`, each);
  };
  add("component.whatsminer.entity", entity);
  return found;
}

const MINER = {
  "switch.mining": "on",
  "sensor.status": "mining",
  "sensor.fault": "none",
  "sensor.hash_rate": "100",
  "sensor.power": "3400",
  "sensor.efficiency": "34",
  "sensor.chip_temperature_max": "80",
  "sensor.pool": "stratum+tcp://pool.example:3333",
  "sensor.stop_reason": "none",
  "binary_sensor.problem": "off",
  "number.power_percent": "100",
  "number.power_limit": "3400",
  "select.power_mode": "normal",
  "button.restart_mining": "unknown",
  "button.reboot": "unknown",
  "button.identify": "unknown",
  "event.fault": "unknown",
};
const BOARD = { "sensor.hash_rate": "33", "sensor.temperature": "65", "binary_sensor.alive": "on" };
const SITE = {
  "switch.mining": "on",
  "switch.follow_plan": "off",
  "sensor.hash_rate": "200",
  "sensor.plan": "not_following",
  "number.power_budget": "6000",
};

/** A home, whose devices are added one by one; entity ids say nothing of what they are. */
export class Home {
  #count = 0;

  constructor({ language = "en", server = "en", components = ["history", "logbook"] } = {}) {
    this.words = translationsIn(language);
    this.hass = {
      language,
      config: { language: server, components },
      user: { is_admin: true },
      devices: {},
      entities: {},
      states: {},
      loadBackendTranslation: async () => this.localize,
    };
  }

  localize = (key) => this.words[key] ?? "";

  device(name, states, more = {}) {
    const id = `device${++this.#count}`;
    this.hass.devices[id] = { id, name, name_by_user: null, parent_device_id: null, entry_type: null, ...more };
    for (const [key, state] of Object.entries(states)) this.entity(id, key, state);
    return id;
  }

  entity(device, key, state, more = {}) {
    const [platform, translation_key] = key.split(".");
    const entity_id = `${platform}.e${++this.#count}`;
    this.hass.entities[entity_id] = { entity_id, device_id: device, translation_key, platform: "whatsminer", ...more };
    const attributes = translation_key === "power" ? { device_class: "power" } : {};
    this.hass.states[entity_id] = { entity_id, state, attributes };
    return entity_id;
  }

  miner(name, states = {}, more = {}) {
    return this.device(name, { ...MINER, ...states }, more);
  }

  board(miner, name) {
    return this.device(name, BOARD, { parent_device_id: miner });
  }

  site(name, states = {}) {
    return this.device(name, { ...SITE, ...states }, { entry_type: "service" });
  }

  /** The entity id of "platform.key" on a device. */
  idOf(device, key) {
    const [platform, translation] = key.split(".");
    return Object.values(this.hass.entities).find(
      (each) =>
        each.device_id === device && each.translation_key === translation && each.entity_id.startsWith(`${platform}.`),
    )?.entity_id;
  }

  /** The home a moment later, with another state of one entity. */
  after(entity_id, state) {
    const states = { ...this.hass.states, [entity_id]: { ...this.hass.states[entity_id], state } };
    return { ...this.hass, states };
  }
}

/** All cards of a view, of its sidebar too. */
export const cardsOf = (view) =>
  [...view.sections, ...(view.sidebar?.sections ?? [])].flatMap((section) => section.cards);

/** The card that shows an entity. */
export const cardOf = (view, entity) => cardsOf(view).find((card) => card.entity === entity);
