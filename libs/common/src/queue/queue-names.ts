/** BullMQ's queue of a model; its keys begin with {@link queuePrefix}. */
export const jobQueueName = 'jobs';

/** The hash tag that all keys of a model share, BullMQ's included. */
export const queuePrefix = (model: string): string => `{zq:${model}}`;

/** The queue of webhook deliveries: one for all models. */
export const deliveryQueueName = 'deliveries';
export const deliveryQueuePrefix = '{zq:deliveries}';
