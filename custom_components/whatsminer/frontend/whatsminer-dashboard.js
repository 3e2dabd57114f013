/**
 * The dashboard of the miners: a strategy, which makes the cards of what is there.
 *
 * Home Assistant's own cards only. Whatever a miner says is the name or the state of an entity, and never
 * part of a template or of markdown: these cards show it as text.
 */

const DOMAIN = "whatsminer";
const TYPE = "custom:whatsminer";
const HOURS = 24;
// More lines than that in a graph cannot be told apart.
const FEW = 8;

// Names of entities and of their states are not here: the integration's translations have them.
export const TEXTS = {
  en: {
    name: "Miners",
    strategy: "Whatsminer miners",
    description: "All Whatsminer miners, and a page for each miner.",
    empty: "No miners",
    add: "Add a miner under Settings > Devices & services.",
    mining: "Mining",
    plan: "Plan",
    history: "Last 24 hours",
    hashboards: "Hashboards",
    controls: "Controls",
    more: "More",
    open: "Open",
    cancel: "Cancel",
    slow: "The full hash rate is back after 10 to 30 minutes.",
    switch: "Switch {name} on or off? After a start, the full hash rate is back after 10 to 30 minutes.",
    switchAll:
      "Switch all miners of {name} on or off? After a start, the full hash rate is back after 10 to 30 minutes.",
    mode: "Set the power mode of {name} to {mode}? This restarts mining.",
    limit: "Change the power limit of {name}? Each change restarts mining.",
    restart: "Restart mining on {name}? The miner forgets its power percent.",
    reboot:
      "Reboot {name}? The miner does not answer for 1 to 3 minutes, then it starts mining. It forgets its power percent.",
  },
  de: {
    name: "Miner",
    strategy: "Whatsminer-Miner",
    description: "Alle Whatsminer-Miner und eine Seite für jeden.",
    empty: "Keine Miner",
    add: "Unter Einstellungen > Geräte & Dienste einen Miner hinzufügen.",
    mining: "Mining",
    plan: "Plan",
    history: "Letzte 24 Stunden",
    hashboards: "Hashboards",
    controls: "Steuerung",
    more: "Weiteres",
    open: "Öffnen",
    cancel: "Abbrechen",
    slow: "Die volle Hashrate ist nach 10 bis 30 Minuten wieder da.",
    switch: "{name} ein- oder ausschalten? Nach einem Start ist die volle Hashrate nach 10 bis 30 Minuten wieder da.",
    switchAll:
      "Alle Miner von {name} ein- oder ausschalten? Nach einem Start ist die volle Hashrate nach 10 bis 30 Minuten wieder da.",
    mode: "Leistungsmodus von {name} auf {mode} setzen? Das startet das Mining neu.",
    limit: "Leistungsgrenze von {name} ändern? Jede Änderung startet das Mining neu.",
    restart: "Mining auf {name} neu starten? Der Miner vergisst dabei seine Leistung in Prozent.",
    reboot:
      "{name} neu starten? Der Miner antwortet 1 bis 3 Minuten lang nicht, dann beginnt das Mining. Er vergisst dabei seine Leistung in Prozent.",
  },
};

// The modes that can be chosen. A miner is in the fourth, custom, while a power limit counts.
const MODES = { low: "mdi:leaf", normal: "mdi:speedometer-medium", high: "mdi:fire" };

// What the pages show, in this order, as far as a miner or a site has it.
const SITE = [
  "sensor.hash_rate",
  "sensor.power",
  "sensor.efficiency",
  "sensor.energy",
  "sensor.miners_running",
  "sensor.miners_offline",
  "sensor.miners_with_problem",
  "sensor.break_even_price",
  "sensor.lowest_break_even_price",
];
const PLAN = ["sensor.plan", "sensor.next_change"];
const LIMITS = ["number.stop_above", "number.start_below", "number.power_budget"];
const ROW = ["sensor.hash_rate", "sensor.power", "sensor.efficiency"];
const STATUS = ["sensor.status"];
// Why the plan of its site lets it mine, or not.
const WHY = ["sensor.miner_plan"];
const FAULT = ["sensor.fault"];
const READINGS = [
  "binary_sensor.problem",
  "sensor.hash_rate",
  "sensor.power",
  "sensor.efficiency",
  "sensor.energy",
  "sensor.chip_temperature_max",
  "sensor.environment_temperature",
  "sensor.coolant_temperature",
  "sensor.fan_speed_in",
  "sensor.fan_speed_out",
  "binary_sensor.pool_connected",
  "sensor.restart_count",
  "sensor.mining_since",
  "sensor.break_even_price",
];
const POOL = ["sensor.pool", "sensor.worker"];
const GRAPHS = [
  ["sensor.hash_rate"],
  ["sensor.power"],
  ["sensor.chip_temperature_max", "sensor.environment_temperature", "sensor.coolant_temperature"],
];
// What the miners are compared by, if there are few.
const COMPARED = ["sensor.hash_rate", "sensor.power"];
const CONTROLS = ["switch", "number", "select", "button"];

/** Return a text in the user's language, English where there is none; {words} are filled in as they are. */
export function text(language, key, words = {}) {
  const texts = TEXTS[(language ?? "en").split("-")[0]] ?? TEXTS.en;
  return texts[key].replace(/\{(\w+)\}/g, (_, word) => words[word]);
}

const shownName = (device) => device.name_by_user ?? device.name ?? "";
const byName = (language) => {
  const { compare } = new Intl.Collator(language, { numeric: true });
  return (one, other) => compare(one.name, other.name) || compare(one.id, other.id);
};
const platformOf = (entityId) => entityId.split(".", 1)[0];

/**
 * Return the miners and the sites that Home Assistant has, by name.
 *
 * Each is {id, name, entities, boards}: `entities` has the entity id for each "platform.translation_key",
 * `boards` the hashboards of a miner, which are of the same form. What the user hides is left out.
 */
export function devicesOf(hass) {
  const last = sorted.get(hass.entities);
  if (last?.devices === hass.devices && last.language === hass.language) return last.found;
  const found = sortDevices(hass);
  sorted.set(hass.entities, { devices: hass.devices, language: hass.language, found });
  return found;
}

// What was found in a registry of entities, which is another object after each change. Two hundred miners have
// several thousand entities, and states change several times a second.
const sorted = new WeakMap();

function sortDevices(hass) {
  const found = new Map();
  for (const entity of Object.values(hass.entities)) {
    const device = entity.platform === DOMAIN && !entity.hidden && hass.devices[entity.device_id];
    if (!device) continue;
    if (!found.has(device.id)) {
      found.set(device.id, { id: device.id, name: shownName(device), entities: {}, boards: [], device });
    }
    const key = `${platformOf(entity.entity_id)}.${entity.translation_key}`;
    found.get(device.id).entities[key] = entity.entity_id;
  }
  const all = [...found.values()].sort(byName(hass.language));
  for (const board of all) found.get(board.device.parent_device_id)?.boards.push(board);
  const whole = all.filter(({ device }) => !device.parent_device_id);
  return {
    sites: whole.filter(({ device }) => device.entry_type === "service"),
    miners: whole.filter(({ device }) => device.entry_type !== "service"),
  };
}

/** Return "problem", "unreachable" or "" for a miner, by the states that the web page has. */
export function troubleOf(hass, miner) {
  const state = hass.states[miner.entities["binary_sensor.problem"]]?.state;
  return { on: "problem", unavailable: "unreachable" }[state] ?? "";
}

/** Return the miners that have a problem, then those that are unreachable, then the others. */
export function faultsFirst(hass, miners) {
  const order = ["problem", "unreachable", ""];
  return order.flatMap((trouble) => miners.filter((miner) => troubleOf(hass, miner) === trouble));
}

/** What the cards need: the texts, the names of entities, and the forms of the cards. */
class Cards {
  constructor(hass, localize) {
    this.hass = hass;
    this.localize = localize;
  }

  text(key, words) {
    return text(this.hass.language, key, words);
  }

  /** Return the name of an entity without that of its device, in the user's language. */
  entityName(entityId) {
    const { name, translation_key: key } = this.hass.entities[entityId];
    // The names in the registry are in the language of the server; the user may have changed them.
    if (name && this.hass.config.language === this.hass.language) return name;
    const platform = platformOf(entityId);
    const deviceClass = this.hass.states[entityId]?.attributes.device_class;
    return (
      this.localize(`component.${DOMAIN}.entity.${platform}.${key}.name`) ||
      this.localize(`component.${platform}.entity_component.${deviceClass}.name`) ||
      name
    );
  }

  heading(heading, options = {}) {
    return { type: "heading", heading, ...options };
  }

  /** Return the tile of an entity; `columns` are twelfths of a section. */
  tile(entity, columns = 6, options = {}) {
    const name = this.entityName(entity);
    return { type: "tile", entity, ...(name ? { name } : {}), grid_options: { columns }, ...options };
  }

  /** Return the tiles of those of the entities that a device has. */
  tiles({ entities }, keys, columns) {
    return keys.filter((key) => entities[key]).map((key) => this.tile(entities[key], columns));
  }

  /** Return an action that asks first, and says what it costs. */
  asking(action, question, confirmText) {
    const confirmation = { text: question, confirm_text: confirmText, dismiss_text: this.text("cancel") };
    return { ...action, confirmation };
  }

  /** Return the tile of the mining switch, which has no name of its own, and asks before it switches. */
  miningTile({ name, entities }, question) {
    const entity = entities["switch.mining"];
    if (!entity) return [];
    const mining = this.text("mining");
    const action = this.asking({ action: "toggle" }, this.text(question, { name }), "OK");
    return [this.tile(entity, 6, { name: mining, tap_action: action, icon_tap_action: action })];
  }
}

/** Return the section of a site: its sums and its switch. */
function siteSection(cards, site) {
  const notOff = site.entities["sensor.miners_not_off"];
  // It is known only while they are kept off.
  const visibility = [{ condition: "state", entity: notOff, state_not: "unknown" }];
  return {
    type: "grid",
    column_span: 2,
    cards: [
      cards.heading(site.name, { icon: "mdi:factory" }),
      ...cards.miningTile(site, "switchAll"),
      ...cards.tiles(site, SITE),
      ...(notOff ? [cards.tile(notOff, 6, { visibility })] : []),
    ],
  };
}

/** Return the section of the plan of a site: what it follows, what it does and has done. */
function planSection(cards, site, heading) {
  const follow = site.entities["switch.follow_plan"];
  const plan = site.entities["sensor.plan"];
  const toggle = { features: [{ type: "toggle" }], features_position: "inline" };
  const log = {
    type: "logbook",
    target: { entity_id: [plan] },
    hours_to_show: HOURS,
    grid_options: { columns: 12, rows: 6 },
  };
  return {
    type: "grid",
    cards: [
      cards.heading(heading, { icon: "mdi:calendar-text" }),
      ...(follow ? [cards.tile(follow, 12, toggle)] : []),
      ...cards.tiles(site, PLAN, 12),
      ...cards.tiles(site, LIMITS),
      ...(plan && cards.hass.config.components.includes("logbook") ? [log] : []),
    ],
  };
}

/** Return the row of a miner among all: its name with its status or its fault, and what it does. */
function minerRow(cards, miner) {
  const { name, entities } = miner;
  const trouble = troubleOf(cards.hass, miner);
  const fault = trouble === "problem" ? entities["sensor.fault"] : undefined;
  // The user may have hidden the status: any entity can carry the name.
  const entity = fault ?? entities["sensor.status"] ?? Object.values(entities)[0];
  const open = { action: "navigate", navigation_path: miner.id };
  const values = ROW.map((key) => entities[key]).filter(Boolean);
  const glance = {
    type: "glance",
    show_name: false,
    show_icon: false,
    columns: values.length,
    entities: values,
    grid_options: { columns: 12, rows: 1 },
  };
  const tile = {
    name,
    icon: { problem: "mdi:alert", unreachable: "mdi:lan-disconnect" }[trouble] ?? "mdi:pickaxe",
    ...(trouble === "problem" ? { color: "red" } : {}),
    tap_action: open,
    icon_tap_action: open,
  };
  return [cards.tile(entity, 12, tile), ...(values.length ? [glance] : [])];
}

/** Return the view of all miners. */
export function minersView(hass, localize) {
  const cards = new Cards(hass, localize);
  const { sites, miners } = devicesOf(hass);
  const empty = {
    type: "empty-state",
    icon: "mdi:pickaxe",
    title: cards.text("empty"),
    content: cards.text("add"),
    grid_options: { columns: "full" },
  };
  const rows = miners.length
    ? faultsFirst(hass, miners).flatMap((miner) => minerRow(cards, miner))
    : [empty];
  const graphs = miners.length <= FEW ? comparingCards(cards, miners) : [];
  const history = [cards.heading(cards.text("history"), { icon: "mdi:chart-line" }), ...graphs];
  const plan = cards.text("plan");
  // On a phone the sidebar is a page of its own.
  const sidebar = {
    sections: sites.map((site) => planSection(cards, site, sites.length > 1 ? `${plan}: ${site.name}` : plan)),
    content_label: cards.text("name"),
    sidebar_label: plan,
  };
  return {
    type: "sections",
    max_columns: 3,
    sections: [
      ...sites.map((site) => siteSection(cards, site)),
      { type: "grid", column_span: 2, cards: rows },
      ...(graphs.length ? [{ type: "grid", column_span: 2, cards: history }] : []),
    ],
    ...(sites.length ? { sidebar } : {}),
  };
}

/** Return the cards that control a miner; what costs time asks first. */
function controlCards(cards, miner) {
  const { name, entities } = miner;
  const mode = entities["select.power_mode"];
  const percent = entities["number.power_percent"];
  const limit = entities["number.power_limit"];
  const slow = cards.text("slow");
  const none = { action: "none" };
  const ask = (question, words) => `${cards.text(question, { name, ...words })} ${slow}`;
  const buttons = { restart_mining: "restart", reboot: "reboot", identify: undefined };
  const slider = { features: [{ type: "numeric-input", style: "slider" }] };
  const openLimit = cards.asking({ action: "more-info" }, ask("limit"), cards.text("open"));
  return [
    ...(percent ? [cards.tile(percent, 12, slider)] : []),
    ...(limit ? [cards.tile(limit, 6, { tap_action: openLimit, icon_tap_action: openLimit })] : []),
    ...(mode ? [cards.tile(mode, 6, { tap_action: none, icon_tap_action: none })] : []),
    ...(mode ? Object.keys(MODES) : []).map((option) => modeButton(cards, mode, option, ask)),
    ...Object.entries(buttons).flatMap(([key, question]) => {
      const entity = entities[`button.${key}`];
      if (!entity) return [];
      const press = { action: "perform-action", perform_action: "button.press", target: { entity_id: entity } };
      const action = question ? cards.asking(press, ask(question), cards.entityName(entity)) : press;
      return [cards.tile(entity, 6, { hide_state: true, tap_action: action, icon_tap_action: action })];
    }),
  ];
}

/** Return the button that sets a power mode. */
function modeButton(cards, entity, option, ask) {
  const mode = cards.localize(`component.${DOMAIN}.entity.select.power_mode.state.${option}`) || option;
  const select = {
    action: "perform-action",
    perform_action: "select.select_option",
    target: { entity_id: entity },
    data: { option },
  };
  return {
    type: "button",
    name: mode,
    icon: MODES[option],
    tap_action: cards.asking(select, ask("mode", { mode }), mode),
    grid_options: { columns: 4, rows: 2 },
  };
}

/** Return the view of one miner. */
export function minerView(hass, localize, id) {
  const cards = new Cards(hass, localize);
  const miner = devicesOf(hass).miners.find((each) => each.id === id);
  if (!miner) return { type: "sections", sections: [] };
  const { entities } = miner;
  const page = { action: "navigate", navigation_path: `/config/devices/device/${id}` };
  const controls = controlCards(cards, miner);
  const shown = new Set([
    ...["switch.mining", ...STATUS, ...WHY, ...FAULT, ...READINGS, ...POOL].map((key) => entities[key]),
    ...controls.map(({ entity }) => entity),
  ]);
  // What the user has enabled besides. A tap opens it, so that no switch is pressed by mistake.
  const rest = Object.entries(entities)
    .filter(([key, entity]) => !shown.has(entity) && !key.startsWith("event."))
    .map(([, entity]) => cards.tile(entity, 6, { icon_tap_action: { action: "more-info" } }));
  const isControl = ({ entity }) => CONTROLS.includes(platformOf(entity));
  const more = rest.filter((card) => !isControl(card));
  const sections = [
    [
      cards.heading(miner.name, { icon: "mdi:pickaxe", ...(hass.user?.is_admin ? { tap_action: page } : {}) }),
      ...cards.miningTile(miner, "switch"),
      ...cards.tiles(miner, STATUS),
      ...cards.tiles(miner, WHY, 12),
      ...cards.tiles(miner, FAULT, 12),
      ...cards.tiles(miner, READINGS),
      ...cards.tiles(miner, POOL, 12),
    ],
    [cards.heading(cards.text("controls"), { icon: "mdi:tune" }), ...controls, ...rest.filter(isControl)],
    [cards.heading(cards.text("history"), { icon: "mdi:chart-line" }), ...graphCards(cards, miner)],
    [
      cards.heading(cards.text("hashboards"), { icon: "mdi:chip" }),
      ...miner.boards.flatMap((board) => boardCards(cards, board)),
    ],
    [cards.heading(cards.text("more"), { icon: "mdi:dots-horizontal" }), ...more],
  ];
  return {
    type: "sections",
    max_columns: 4,
    sections: sections.filter((each) => each.length > 1).map((each) => ({ type: "grid", cards: each })),
  };
}

/** Return the graphs of a miner. */
function graphCards(cards, { entities }) {
  const lines = (keys) => keys.map((key) => entities[key]).filter(Boolean);
  return historyCards(
    cards,
    GRAPHS.map((keys) => lines(keys).map((entity) => ({ entity, name: cards.entityName(entity) }))),
  );
}

/** Return the graphs that compare miners, with a line for each miner. */
function comparingCards(cards, miners) {
  return historyCards(
    cards,
    COMPARED.map((key) =>
      miners.flatMap(({ name, entities }) => (entities[key] ? [{ entity: entities[key], name }] : [])),
    ),
  );
}

/** Return a graph for each list of lines that is not empty, if Home Assistant keeps a history. */
function historyCards(cards, graphs) {
  if (!cards.hass.config.components.includes("history")) return [];
  return graphs
    .filter((lines) => lines.length)
    .map((entities) => ({
      type: "history-graph",
      hours_to_show: HOURS,
      entities,
      grid_options: { columns: 12 },
    }));
}

const named = (cards, entity) => ({ name: cards.entityName(entity), state_content: ["name", "state"] });

/** Return the cards of a hashboard: whether it works is beside its name. */
function boardCards(cards, board) {
  const { "binary_sensor.alive": alive, ...others } = board.entities;
  const badges = alive ? [{ type: "entity", entity: alive, color: "state", ...named(cards, alive) }] : [];
  const tiles = Object.values(others).map((entity) => cards.tile(entity));
  return [cards.heading(board.name, { heading_style: "subtitle", badges }), ...tiles];
}

/** Return the dashboard: which views there are. What is in a view is made when it is opened. */
export function dashboard(hass) {
  const { miners } = devicesOf(hass);
  const view = (view, options) => ({ strategy: { type: `${TYPE}-${view}`, ...options } });
  return {
    title: text(hass.language, "name"),
    views: [
      { title: text(hass.language, "name"), path: "miners", icon: "mdi:pickaxe", ...view("miners") },
      ...miners.map(({ id, name }) => ({ title: name, path: id, subview: true, ...view("miner", { device: id }) })),
    ],
  };
}

/** Return whether what is registered, or the language, is another one. */
export function hasOtherDevices(before, now) {
  return ["entities", "devices", "language"].some((key) => before[key] !== now[key]);
}

/** Return the localize function of the web page, with the names of the entities loaded. */
async function namesOf(hass) {
  await hass.loadBackendTranslation("entity_component", [...CONTROLS, "sensor", "binary_sensor"]);
  return hass.loadBackendTranslation("entity", DOMAIN);
}

const Element = globalThis.HTMLElement ?? Object;

export class DashboardStrategy extends Element {
  static async generate(_config, hass) {
    await namesOf(hass);
    return dashboard(hass);
  }

  static shouldRegenerate(_config, before, now) {
    if (!hasOtherDevices(before, now)) return false;
    return JSON.stringify(dashboard(before)) !== JSON.stringify(dashboard(now));
  }

  static getCreateSuggestions(hass) {
    return { title: text(hass.language, "name"), icon: "mdi:pickaxe" };
  }
}

export class MinersStrategy extends Element {
  static async generate(_config, hass) {
    return minersView(hass, await namesOf(hass));
  }

  static shouldRegenerate(_config, before, now) {
    if (hasOtherDevices(before, now)) return true;
    if (before.states === now.states) return false;
    return devicesOf(now).miners.some((miner) => troubleOf(before, miner) !== troubleOf(now, miner));
  }
}

export class MinerStrategy extends Element {
  static async generate(config, hass) {
    return minerView(hass, await namesOf(hass), config.device);
  }

  static shouldRegenerate(_config, before, now) {
    return hasOtherDevices(before, now);
  }
}

/** Make the strategies known to the web page. */
function register() {
  const elements = {
    "ll-strategy-dashboard-whatsminer": DashboardStrategy,
    "ll-strategy-view-whatsminer-miners": MinersStrategy,
    "ll-strategy-view-whatsminer-miner": MinerStrategy,
  };
  // While it starts, the web page puts a registry of its own in the place of the browser's, and knows nothing
  // of what was defined before. Its own element comes after that.
  customElements.whenDefined("home-assistant").then(() => {
    for (const [name, element] of Object.entries(elements)) {
      if (!customElements.get(name)) customElements.define(name, element);
    }
  });
  const language = () => document.querySelector("home-assistant")?.hass?.language;
  window.customStrategies ??= [];
  // Read when the dialogue opens: the user's language is not known before.
  window.customStrategies.push({
    type: DOMAIN,
    strategyType: "dashboard",
    get name() {
      return text(language(), "strategy");
    },
    get description() {
      return text(language(), "description");
    },
  });
}

if (globalThis.customElements) register();
