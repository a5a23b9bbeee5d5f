/** Where a record of a segment begins. */
export interface SegmentPlace {
  /** In the segment as it was written, whatever its form. */
  readonly offsetBytes: number;
  readonly sequence: number;
}
