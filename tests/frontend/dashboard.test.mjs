/** The dashboard strategy, by itself: node --test tests/frontend */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  DashboardStrategy,
  MinerStrategy,
  MinersStrategy,
  TEXTS,
  dashboard,
  devicesOf,
  minerView,
  minersView,
  text,
} from "../../custom_components/whatsminer/frontend/whatsminer-dashboard.js";
import { Home, cardOf, cardsOf } from "./home.mjs";

const names = (miners) => miners.map(({ name }) => name);
/** The names of the miners in a view, from the top. */
const rows = (view) => cardsOf(view).flatMap((card) => (card.tap_action?.navigation_path ? [card.name] : []));
/** All texts in a value. */
const texts = (value) =>
  typeof value === "string" ? [value] : value && typeof value === "object" ? Object.values(value).flatMap(texts) : [];

// What is where

test("miners, sites and hashboards are told apart by their devices", () => {
  const home = new Home();
  const miner = home.miner("Garage");
  home.board(miner, "Hashboard 2");
  home.board(miner, "Hashboard 1");
  home.site("All");
  const { miners, sites } = devicesOf(home.hass);
  assert.deepEqual(names(miners), ["Garage"]);
  assert.deepEqual(names(miners[0].boards), ["Hashboard 1", "Hashboard 2"]);
  assert.deepEqual(names(sites), ["All"]);
});

test("entities of others, hidden ones and those without a device are left out", () => {
  const home = new Home();
  const miner = home.miner("Garage");
  const other = home.entity(miner, "sensor.other", "1", { platform: "derivative" });
  const hidden = home.entity(miner, "sensor.worker", "x", { hidden: true });
  home.entity(undefined, "sensor.hash_rate", "1");
  const [{ entities }] = devicesOf(home.hass).miners;
  assert.equal(Object.values(entities).includes(other), false);
  assert.equal(Object.values(entities).includes(hidden), false);
  assert.equal(devicesOf(home.hass).miners.length, 1);
});

test("miners are sorted by the names that the user gave, numbers by their value", () => {
  const home = new Home();
  home.miner("Miner 10");
  home.miner("Miner 9");
  home.miner("Zoe", {}, { name_by_user: "Attic" });
  assert.deepEqual(names(devicesOf(home.hass).miners), ["Attic", "Miner 9", "Miner 10"]);
});

test("miners are sorted as the user's language does", () => {
  const home = new Home();
  home.miner("Zoe");
  home.miner("Öre");
  const { hass } = home;
  assert.deepEqual(names(devicesOf({ ...hass, language: "de" }).miners), ["Öre", "Zoe"]);
  assert.deepEqual(names(devicesOf({ ...hass, language: "sv" }).miners), ["Zoe", "Öre"]);
});

// The dashboard

test("there is a view for all miners, and one for each that opens from it", async () => {
  const home = new Home();
  const id = home.miner("Garage");
  const { views } = await DashboardStrategy.generate({}, home.hass);
  assert.deepEqual(views.map(({ title, path, subview }) => [title, path, subview]), [
    ["Miners", "miners", undefined],
    ["Garage", id, true],
  ]);
  const row = cardsOf(await MinersStrategy.generate(views[0].strategy, home.hass))[0];
  assert.equal(row.tap_action.navigation_path, id);
  const page = await MinerStrategy.generate(views[1].strategy, home.hass);
  assert.ok(cardOf(page, home.idOf(id, "switch.mining")));
});

test("the dashboard changes when a miner comes, goes or has another name, and at nothing else", () => {
  const home = new Home();
  const id = home.miner("Garage");
  const { hass } = home;
  const changed = (now) => DashboardStrategy.shouldRegenerate({}, hass, { ...hass, ...now });
  const device = hass.devices[id];
  assert.equal(changed({ devices: { ...hass.devices, [id]: { ...device, name_by_user: "Attic" } } }), true);
  assert.equal(changed({ devices: {} }), true);
  assert.equal(changed({ entities: {} }), true);
  assert.equal(changed({ language: "de" }), true);
  assert.equal(changed({ devices: { ...hass.devices, other: { id: "other", name: "Lamp" } } }), false);
  assert.equal(changed({ states: {} }), false);
});

test("without miners it says so", () => {
  const { hass, localize } = new Home();
  assert.deepEqual(cardsOf(minersView(hass, localize)).map(({ type }) => type), ["empty-state"]);
  assert.equal(dashboard(hass).views.length, 1);
});

// All miners

test("miners with a problem are first, then those that are unreachable, then by name", () => {
  const home = new Home();
  home.miner("A");
  home.miner("B", { "binary_sensor.problem": "unavailable" });
  home.miner("C", { "binary_sensor.problem": "on" });
  home.miner("D", { "binary_sensor.problem": "unknown" });
  assert.deepEqual(rows(minersView(home.hass, home.localize)), ["C", "B", "A", "D"]);
});

test("a row has the status, or the fault, and the hash rate, power and efficiency", () => {
  const home = new Home();
  const ill = home.miner("Ill", { "binary_sensor.problem": "on" });
  const well = home.miner("Well");
  const [fault, , status, values] = cardsOf(minersView(home.hass, home.localize));
  assert.equal(fault.entity, home.idOf(ill, "sensor.fault"));
  assert.equal(status.entity, home.idOf(well, "sensor.status"));
  const shown = ["hash_rate", "power", "efficiency"].map((key) => home.idOf(well, `sensor.${key}`));
  assert.deepEqual(values.entities, shown);
});

test("a few miners are compared in graphs, with a line for each", () => {
  const home = new Home();
  const ids = ["A", "B"].map((name) => home.miner(name));
  const graphs = cardsOf(minersView(home.hass, home.localize)).filter(({ type }) => type === "history-graph");
  const lines = (key) => ids.map((id, index) => ({ entity: home.idOf(id, key), name: "AB"[index] }));
  assert.deepEqual(
    graphs.map(({ entities }) => entities),
    [lines("sensor.hash_rate"), lines("sensor.power")],
  );
});

test("many miners have no graphs together", () => {
  const home = new Home();
  for (const name of "ABCDEFGHI") home.miner(name);
  assert.equal(cardsOf(minersView(home.hass, home.localize)).some(({ type }) => type === "history-graph"), false);
});

test("a miner of which little is visible has a row all the same", () => {
  const home = new Home();
  home.device("Garage", { "switch.mining": "on" });
  const view = minersView(home.hass, home.localize);
  assert.deepEqual(rows(view), ["Garage"]);
  assert.equal(cardsOf(view).length, 1);
});

test("all miners are sorted anew when a problem comes or goes, not with each reading", () => {
  const home = new Home();
  const id = home.miner("Garage");
  const now = (key, state) => MinersStrategy.shouldRegenerate({}, home.hass, home.after(home.idOf(id, key), state));
  assert.equal(now("binary_sensor.problem", "on"), true);
  assert.equal(now("binary_sensor.problem", "unavailable"), true);
  assert.equal(now("sensor.hash_rate", "99"), false);
});

test("a site has its totals first and its plan beside the miners", () => {
  const home = new Home();
  const site = home.site("All");
  home.miner("Garage");
  const view = minersView(home.hass, home.localize);
  assert.equal(view.sections[0].cards[0].heading, "All");
  assert.ok(cardOf(view, home.idOf(site, "sensor.hash_rate")));
  const plan = view.sidebar.sections[0].cards;
  assert.deepEqual(
    plan.flatMap(({ entity }) => entity ?? []),
    ["switch.follow_plan", "sensor.plan", "number.power_budget"].map((key) => home.idOf(site, key)),
  );
  assert.deepEqual(plan.at(-1).target, { entity_id: [home.idOf(site, "sensor.plan")] });
  const other = new Home();
  other.miner("Garage");
  assert.equal(minersView(other.hass, other.localize).sidebar, undefined);
});

// One miner

const garage = (options) => {
  const home = new Home(options);
  const id = home.miner("Garage");
  home.board(id, "Hashboard 1");
  const view = minerView(home.hass, home.localize, id);
  return { home, id, view, card: (key) => cardOf(view, home.idOf(id, key)) };
};

test("every entity of a miner has a card, and no entity has two tiles", () => {
  const { home, view } = garage();
  const tiles = cardsOf(view).flatMap(({ type, entity }) => (type === "tile" ? [entity] : []));
  const badges = cardsOf(view).flatMap(({ badges }) => (badges ?? []).map(({ entity }) => entity));
  assert.equal(new Set(tiles).size, tiles.length);
  const missing = Object.keys(home.hass.entities).filter((id) => ![...tiles, ...badges].includes(id));
  assert.deepEqual(missing.map((id) => id.split(".")[0]), ["event"]);
});

test("the plan of the site says beside the status why the miner is on or off, where there is one", () => {
  for (const language of ["en", "de"]) {
    const home = new Home({ language });
    const id = home.miner("Garage", { "sensor.miner_plan": "price_too_high" });
    const { cards } = minerView(home.hass, home.localize, id).sections[0];
    const plan = cards.findIndex(({ entity }) => entity === home.idOf(id, "sensor.miner_plan"));
    assert.equal(cards[plan - 1].entity, home.idOf(id, "sensor.status"));
    assert.equal(cards[plan].name, "Plan");
  }
  assert.equal(cardsOf(garage().view).some(({ name }) => name === "Plan"), false);
});

test("what costs time asks first, and says what it costs", () => {
  const { home, id, view, card } = garage();
  for (const key of ["switch.mining", "number.power_limit", "button.restart_mining", "button.reboot"]) {
    const { tap_action, icon_tap_action } = card(key);
    assert.match(tap_action.confirmation.text, /Garage.*10 to 30 minutes/, key);
    assert.deepEqual(icon_tap_action, tap_action, key);
  }
  const modes = cardsOf(view).filter(({ type }) => type === "button");
  assert.deepEqual(modes.map(({ tap_action }) => tap_action.data.option), ["low", "normal", "high"]);
  for (const { name, tap_action } of modes) {
    assert.deepEqual(tap_action.target, { entity_id: home.idOf(id, "select.power_mode") });
    assert.match(tap_action.confirmation.text, new RegExp(`Garage to ${name}\\? .*10 to 30 minutes`));
  }
  assert.equal(card("button.identify").tap_action.confirmation, undefined);
});

test("no tile switches something by a tap that does not ask, except to identify", () => {
  const home = new Home();
  const id = home.miner("Garage", { "switch.fast_boot": "off", "button.preheat": "unknown" });
  for (const { type, entity, tap_action, icon_tap_action } of cardsOf(minerView(home.hass, home.localize, id))) {
    if (type !== "tile" || !/^(switch|button)/.test(entity) || entity === home.idOf(id, "button.identify")) continue;
    assert.ok(!tap_action || tap_action.confirmation, entity);
    assert.ok(icon_tap_action.action === "more-info" || icon_tap_action.confirmation, entity);
  }
});

test("a miner that takes no commands has no controls", () => {
  const home = new Home();
  const id = home.device("Garage", { "sensor.status": "mining", "sensor.hash_rate": "1" });
  const headings = minerView(home.hass, home.localize, id).sections.map(({ cards }) => cards[0].heading);
  assert.deepEqual(headings, ["Garage", "Last 24 hours"]);
});

test("a miner that is gone leaves an empty view", () => {
  const { hass, localize } = new Home();
  assert.deepEqual(minerView(hass, localize, "gone").sections, []);
});

test("what Home Assistant has not loaded has no card", () => {
  const { view } = garage({ components: [] });
  assert.equal(cardsOf(view).some(({ type }) => type === "history-graph"), false);
});

test("only who may open the page of the device is led to it", () => {
  const { home, id, view } = garage();
  assert.equal(view.sections[0].cards[0].tap_action.navigation_path, `/config/devices/device/${id}`);
  home.hass.user.is_admin = false;
  assert.equal(minerView(home.hass, home.localize, id).sections[0].cards[0].tap_action, undefined);
});

// Words

test("both languages have the same texts and words in braces", () => {
  const braces = (value) => [...value.matchAll(/\{\w+\}/g)].map(String).sort();
  assert.deepEqual(Object.keys(TEXTS.de), Object.keys(TEXTS.en));
  for (const key of Object.keys(TEXTS.en)) assert.deepEqual(braces(TEXTS.de[key]), braces(TEXTS.en[key]), key);
});

test("a language is found by its first part, and is English if it is not there", () => {
  assert.equal(text("de-CH", "controls"), TEXTS.de.controls);
  assert.equal(text("fr", "controls"), TEXTS.en.controls);
  assert.equal(text(undefined, "controls"), TEXTS.en.controls);
});

test("names are those of the server if it speaks the user's language, else translations", () => {
  const named = (options) => {
    const { home, id } = garage(options);
    for (const entity of Object.values(home.hass.entities)) entity.name = "Mine";
    const view = minerView(home.hass, home.localize, id);
    return ["sensor.hash_rate", "sensor.power"].map((key) => cardOf(view, home.idOf(id, key)).name);
  };
  assert.deepEqual(named({ language: "en", server: "en" }), ["Mine", "Mine"]);
  assert.deepEqual(named({ language: "de", server: "en" }), ["Hashrate", "Leistung"]);
});

test("the texts of a German user are German", () => {
  const { view, card } = garage({ language: "de" });
  assert.match(card("button.reboot").tap_action.confirmation.text, /Garage neu starten\?.*10 bis 30 Minuten/);
  assert.ok(view.sections.some(({ cards }) => cards[0].heading === "Steuerung"));
});

// What miners say

test("what a miner says is no part of any card but as a name, and no card renders markup", () => {
  const evil = "<script>alert(1)</script>{{ 1 + 1 }}**bold**$&{name}";
  const home = new Home();
  const id = home.miner(evil, { "sensor.pool": evil, "sensor.fault": evil, "binary_sensor.problem": "on" });
  home.site(evil);
  const views = [minersView(home.hass, home.localize), minerView(home.hass, home.localize, id)];
  for (const card of views.flatMap(cardsOf)) {
    const { name, heading, tap_action, icon_tap_action, entities = [], ...others } = card;
    const rest = { ...others, entities: entities.map((line) => line.entity ?? line) };
    assert.ok(!["markdown", "iframe", "picture"].includes(card.type));
    assert.equal(texts(rest).some((each) => each.includes("<script>")), false);
    const question = tap_action?.confirmation?.text ?? "";
    // As it is, not filled in a second time.
    if (question.includes("<script>")) assert.ok(question.includes(evil));
  }
  assert.ok(rows(views[0]).includes(evil));
});
