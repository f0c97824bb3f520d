// A first look at a photo, on the phone and at once: is it sharp, bright and large enough?
//
// Sharpness is the share of detail finer than 3 pixels in detail finer than 9, on a picture of at
// most 1600 pixels. Of 27 real prints and 4 cart reports every sharp one had 0.38 or more; blurred
// by 2.5 pixels, all those of at least 1200 pixels had 0.25 or less. Whether it is an ECG at all is
// for the server to say.

const LONG_SIDE = 1600;
const BLURRED = 0.29;
const DARK = 70; // of 255, mean brightness; the darkest readable print has 122
const PALE = 30; // of 255, between the 5th and the 95th percentile
const SMALL = 1000; // pixels of the long side; below, small waves are lost

/** Return {width, height, doubts}, or null for what the browser cannot show. */
export async function look(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return null;
  }
  const { width, height } = picture;
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const grey = brightness(context.getImageData(0, 0, canvas.width, canvas.height));
  return { width, height, doubts: doubts(grey, canvas.width, canvas.height, width, height) };
}

function doubts(grey, columns, rows, width, height) {
  const found = [];
  const { mean, spread } = light(grey);
  if (mean < DARK) found.push("dark");
  if (spread < PALE) found.push("pale");
  else if (sharpness(grey, columns, rows) < BLURRED) found.push("blurred");
  if (Math.max(width, height) < SMALL) found.push("small");
  return found;
}

function brightness({ data }) {
  const grey = new Float32Array(data.length / 4);
  for (let i = 0, k = 0; i < grey.length; i += 1, k += 4) {
    grey[i] = 0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2];
  }
  return grey;
}

function light(grey) {
  const counts = new Uint32Array(256);
  let sum = 0;
  for (const value of grey) {
    counts[Math.min(255, Math.round(value))] += 1;
    sum += value;
  }
  const at = (share) => {
    let seen = 0;
    for (let level = 0; level < 256; level += 1) {
      seen += counts[level];
      if (seen >= share * grey.length) return level;
    }
    return 255;
  };
  return { mean: sum / grey.length, spread: at(0.95) - at(0.05) };
}

export function sharpness(grey, columns, rows) {
  const fine = blurred(grey, columns, rows, 1);
  const coarse = blurred(grey, columns, rows, 4);
  const left = columns >> 3;
  const top = rows >> 3;
  let small = 0;
  let large = 0;
  for (let y = top; y < rows - top; y += 1) {
    for (let x = left; x < columns - left; x += 1) {
      const i = y * columns + x;
      small += Math.abs(grey[i] - fine[i]);
      large += Math.abs(grey[i] - coarse[i]);
    }
  }
  return large ? small / large : 0;
}

/** Mean over a square of 2 * radius + 1 pixels, rows first, then columns. */
function blurred(grey, columns, rows, radius) {
  const across = new Float32Array(grey.length);
  const both = new Float32Array(grey.length);
  for (let y = 0; y < rows; y += 1) line(grey, across, y * columns, 1, columns, radius);
  for (let x = 0; x < columns; x += 1) line(across, both, x, columns, rows, radius);
  return both;
}

function line(from, to, start, step, count, radius) {
  const at = (i) => from[start + Math.min(count - 1, Math.max(0, i)) * step];
  const size = 2 * radius + 1;
  let sum = 0;
  for (let i = -radius; i <= radius; i += 1) sum += at(i);
  for (let i = 0; i < count; i += 1) {
    to[start + i * step] = sum / size;
    sum += at(i + radius + 1) - at(i - radius);
  }
}
