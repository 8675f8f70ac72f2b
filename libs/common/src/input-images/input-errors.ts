import { ServiceError } from '../errors.js';

/** An input image that cannot be taken; `message` says why, the caller knows which field it came from. */
export abstract class InputRefused extends ServiceError {}

/** Neither PNG nor JPEG nor WebP, by its first bytes. */
export class ImageTypeUnsupported extends InputRefused {
  readonly code = 'image_type_unsupported';
}

/** The file is truncated, damaged, animated, or not what its first bytes say. */
export class ImageInvalid extends InputRefused {
  readonly code = 'image_invalid';
}

/** More bytes or pixels than an input image may have. */
export class ImageTooLarge extends InputRefused {
  readonly code = 'image_too_large';
}

/** The URL is none that this service fetches: not https, or not on the public internet. */
export class ImageUrlRefused extends InputRefused {
  readonly code = 'image_url_refused';
}

/** The URL did not answer 200 with an image in time. */
export class ImageUnreachable extends InputRefused {
  readonly code = 'image_unreachable';
}

/** The tenant has no upload of this id, or nothing was put there yet. */
export class UploadNotFound extends InputRefused {
  readonly code = 'upload_not_found';
}
