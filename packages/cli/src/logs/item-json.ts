import { meta, observe } from '@aurae/proto';

/** Items of one log as JSON, one object a line. */
export class ItemJson {
  private start = '{';
  private workload: meta.WorkloadReference | undefined;

  /** @param workload whose log it is; left out when it is nobody's */
  line(item: observe.LogItem, workload: meta.WorkloadReference | undefined): string {
    if (workload !== this.workload) {
      this.workload = workload;
      const named = workload && JSON.stringify({ workload: meta.WorkloadReference.toJSON(workload) });
      this.start = named === undefined ? '{' : named.slice(0, -1);
    }
    const rest = JSON.stringify(observe.LogItem.toJSON(item)).slice(1);
    const separator = this.start === '{' || rest === '}' ? '' : ',';
    return `${this.start}${separator}${rest}\n`;
  }
}
