import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MetricsFixture } from './metrics-fixture.js';

const read = (file: string) => readFileSync(new URL(`../../../../docs/${file}`, import.meta.url), 'utf8');

/** Of everything that this daemon tells of itself; `up` is Prometheus's own. */
const metricName = /\b(?:aurae|process|nodejs)_[a-z0-9_]+\b/g;

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'h' | 'w' | 'x' | 'y', number>>;
  readonly targets?: readonly { readonly expr: string; readonly refId: string; readonly datasource: { uid: string } }[];
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

async function exportedNames(): Promise<string[]> {
  return [...(await MetricsFixture.open().scrape()).types.keys()];
}

/** With the series of histograms. */
async function queryableNames(): Promise<Set<string>> {
  const { types } = await MetricsFixture.open().scrape();
  const ends = ['_bucket', '_sum', '_count'];
  return new Set([...types].flatMap(([name, type]) => (type === 'histogram' ? ends.map((end) => name + end) : [name])));
}

test('the reference names every metric, and none that is not there', async () => {
  const exported = await exportedNames();
  const documented = new Set(read('monitoring.md').match(/\baurae_[a-z0-9_]+\b/g));
  expect(exported.filter((name) => name.startsWith('aurae_') && !documented.has(name))).toEqual([]);
  expect([...documented].filter((name) => !exported.includes(name))).toEqual([]);
});

test('the dashboard asks for metrics that are there, and shows all of them', async () => {
  const queryable = await queryableNames();
  const asked = new Set(
    panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(metricName) ?? [])),
  );
  expect(asked.size).toBeGreaterThan(20);
  expect([...asked].filter((name) => !queryable.has(name))).toEqual([]);
  const shown = (name: string) =>
    asked.has(name) || [...asked].some((other) => other.replace(/_(bucket|count|sum)$/, '') === name);
  expect((await exportedNames()).filter((name) => !shown(name))).toEqual([]);
});

test('every panel of the dashboard has a place, and asks the data source that was chosen', () => {
  expect(dashboard.schemaVersion).toBeGreaterThan(30);
  expect(dashboard.templating.list).toContainEqual(expect.objectContaining({ name: 'datasource', type: 'datasource' }));
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const taken = new Set<string>();
  for (const { title, gridPos, targets = [] } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { datasource } of targets) expect(datasource.uid, title).toBe('${datasource}');
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(x < 24 && !taken.has(`${x}/${y}`), title).toBe(true);
        taken.add(`${x}/${y}`);
      }
    }
  }
});

test('the alerts ask for metrics that are there', async () => {
  const rules = read('alert-rules.yml');
  const queryable = await queryableNames();
  const asked = new Set(rules.replaceAll(/^\s*(?:#|summary:|description:).*$/gm, '').match(metricName));
  expect(asked.size).toBeGreaterThan(10);
  expect([...asked].filter((name) => !queryable.has(name))).toEqual([]);
  expect(rules.match(/- alert: /g)?.length).toBe(rules.match(/^ +expr: /gm)?.length);
});
