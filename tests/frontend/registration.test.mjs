/** How the web page learns of the strategies. */

import assert from "node:assert/strict";
import { test } from "node:test";

const MODULE = "../../custom_components/whatsminer/frontend/whatsminer-dashboard.js";

/** A registry of elements, as browsers have it. */
class Registry {
  #elements = new Map();
  #waiting = new Map();

  get = (name) => this.#elements.get(name);

  define(name, element) {
    assert.equal(this.get(name), undefined);
    this.#elements.set(name, element);
    this.#waiting.get(name)?.();
  }

  whenDefined = (name) => new Promise((resolve) => this.#waiting.set(name, resolve));
}

/** Load the module anew, as a page does that is opened. */
async function load(language) {
  globalThis.window = globalThis;
  globalThis.HTMLElement = class {};
  globalThis.document = { querySelector: () => ({ hass: { language } }) };
  globalThis.customElements = new Registry();
  delete globalThis.customStrategies;
  return import(`${MODULE}?${Math.random()}`);
}

test("the strategies are in the registry that the web page puts in the place of the browser's", async () => {
  const { DashboardStrategy, MinersStrategy, MinerStrategy } = await load("en");
  const browsers = globalThis.customElements;
  globalThis.customElements = new Registry();
  browsers.define("home-assistant", class {});
  await new Promise(setImmediate);
  const { get } = globalThis.customElements;
  assert.equal(get("ll-strategy-dashboard-whatsminer"), DashboardStrategy);
  assert.equal(get("ll-strategy-view-whatsminer-miners"), MinersStrategy);
  assert.equal(get("ll-strategy-view-whatsminer-miner"), MinerStrategy);
});

test("the dialogue lists the dashboard in the language of the user", async () => {
  await load("de");
  const [strategy] = globalThis.customStrategies;
  assert.equal(strategy.type, "whatsminer");
  assert.equal(strategy.strategyType, "dashboard");
  assert.equal(strategy.name, "Whatsminer-Miner");
  await load("en");
  assert.equal(globalThis.customStrategies[0].name, "Whatsminer miners");
});
