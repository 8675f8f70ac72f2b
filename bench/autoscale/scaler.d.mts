export declare function readScaling(spec: object): object;
