import { type BackendContracts, type BackendKind, type CallContext, meta, observe, unlessAborted } from '@aurae/proto';

/** A backend in use, and where it came from. */
export interface CatalogEntry {
  readonly kind: BackendKind;
  readonly name: string;
  /** `built-in`, or the module's name. */
  readonly source: string;
  readonly backend: Pick<BackendContracts['executable'], 'describe'>;
  /** What the daemon sees of its health; undefined when it sees none of its own. */
  readonly healthSeen?: (() => meta.Health | undefined) | undefined;
}

/** Describe answers at once; a backend that does not within this time is ill. */
const describeTimeoutMs = 2_000;

/** Every backend and log sink that the daemon uses. */
export class BackendCatalog {
  private readonly entries: CatalogEntry[] = [];

  add(entry: CatalogEntry): void {
    this.entries.push(entry);
  }

  describeAll(context: CallContext): Promise<observe.BackendStatus[]> {
    return Promise.all(this.entries.map((entry) => describe(entry, context)));
  }
}

async function describe(
  { kind, name, source, backend, healthSeen }: CatalogEntry,
  context: CallContext,
): Promise<observe.BackendStatus> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(describeTimeoutMs)]);
  // In an async function, so that a backend that throws at once is caught as well.
  const described = (async () => {
    const description = await backend.describe({ ...context, signal }, {});
    // One that answers in another shape must not spoil the answer either.
    return meta.BackendDescription.decode(
      meta.BackendDescription.encode(meta.BackendDescription.fromPartial(description)).finish(),
    );
  })();
  // One that ignores its signal must not hold up the answer about the others.
  const description = await unlessAborted(described, signal).catch((error: unknown) =>
    unavailable(name, signal.aborted ? `it did not describe itself within ${describeTimeoutMs} ms` : String(error)),
  );
  const seen = healthSeen?.();
  const isWorse = seen !== undefined && seen.state > (description.health?.state ?? seen.state);
  return observe.BackendStatus.fromPartial({
    kind,
    source,
    description: isWorse ? { ...description, health: seen } : description,
  });
}

function unavailable(name: string, reason: string): meta.BackendDescription {
  return meta.BackendDescription.fromPartial({
    name,
    health: { state: meta.HealthState.HEALTH_STATE_UNAVAILABLE, reason },
  });
}
