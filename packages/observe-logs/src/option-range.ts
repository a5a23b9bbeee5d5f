/** Returns the value if it is an integer from `minimum` to `maximum`, both inclusive; else throws RangeError. */
export function integerInRange(name: string, value: number, minimum: number, maximum: number): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new RangeError(`${name} must be an integer from ${minimum} to ${maximum}, not ${value}`);
}
