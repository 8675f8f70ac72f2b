/** Where there is no apt-get to have Prometheus from, its tests are left out; scripts/install-prometheus.sh says so. */
export declare const prometheusCanBeHad: boolean;

/** What promtool says; throws when it fails. */
export declare function promtool(...args: string[]): string;

export interface Sample {
  metric: Record<string, string>;
  value: number;
}
export interface Series {
  metric: Record<string, string>;
  /** Unix time in seconds, and the value then; NaN where there is none, such as a quotient of zeros. */
  points: [timeS: number, value: number][];
}

/** A real Prometheus with the shipped rules; it scrapes every second. */
export declare class Prometheus {
  /**
   * With the shipped configuration, but for where the processes are. `targets`: their host:port, by the jobs of
   * observability/prometheus.yml. Resolves when it is ready.
   */
  static scraping(targets: Record<string, string[]>): Promise<Prometheus>;
  /** With these scrape_configs. */
  static start(scrapeConfigs: object[]): Promise<Prometheus>;
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** The series that an expression has now. Throws what Prometheus says of a wrong one. */
  query(expression: string): Promise<Sample[]>;
  /** The same over a time. */
  queryRange(expression: string, range: { startS: number; endS: number; stepS: number }): Promise<Series[]>;
  /** Health of every rule, by name. */
  rules(): Promise<Map<string, string>>;
}
