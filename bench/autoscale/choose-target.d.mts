export declare const coldStartS: { gpu: number; cpu: number };
export declare function imageSeconds(model: object): number;
export declare function chooseTarget(model: { scaling: object; imageSeconds: number; coldStartS: number }): {
  target: number;
};
