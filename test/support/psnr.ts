import sharp from 'sharp';

/** Peak signal-to-noise ratio of two encoded images in dB, over all channels; Infinity when they are equal. */
export async function psnr(a: Buffer, b: Buffer): Promise<number> {
  const [x, y] = await Promise.all([sharp(a).raw().toBuffer(), sharp(b).raw().toBuffer()]);
  if (x.length !== y.length) throw new Error('images of different sizes');
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += (x[i]! - y[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / x.length));
}
