/** What kubelets and Prometheus ask for every few seconds: neither traced nor logged above debug. */
export const probePaths: readonly string[] = ['/healthz', '/readyz', '/metrics'];
