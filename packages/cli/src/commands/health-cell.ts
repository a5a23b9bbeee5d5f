import { meta } from '@aurae/proto';
import type { Cell } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Style } from '../output/terminal-style.js';

const looks: Readonly<Partial<Record<meta.HealthState, readonly [string, Style]>>> = {
  [meta.HealthState.HEALTH_STATE_SERVING]: ['serving', 'green'],
  [meta.HealthState.HEALTH_STATE_DEGRADED]: ['degraded', 'yellow'],
  [meta.HealthState.HEALTH_STATE_UNAVAILABLE]: ['unavailable', 'red'],
};

export function healthCell(health: meta.Health | undefined): Cell {
  const [state, style] = (health && looks[health.state]) ?? ['unknown', undefined];
  const reason = health?.reason ? `: ${health.reason}` : '';
  const remedy = health?.remedy ? ` (try: ${health.remedy})` : '';
  return { text: escapeControlCharacters(`${state}${reason}${remedy}`), style };
}
