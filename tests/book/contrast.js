// The texts of a page that stand out too little from their ground (WCAG 2.2, 1.4.3).
const colour = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  const scale = text.startsWith("color(srgb") ? 255 : 1;
  return [...numbers.slice(0, 3).map((n) => n * scale), numbers[3] ?? 1];
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const luminance = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
  const v = c[i] / 255;
  return sum + weight * (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
}, 0);
const ground = (element) => {
  const layers = [];
  for (let e = element; e; e = e.parentElement) {
    const layer = colour(getComputedStyle(e).backgroundColor);
    if (layer[3]) layers.push(layer);
    if (layer[3] === 1) break;
  }
  return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
};
const apart = "svg, script, style, noscript, template, mjx-container, [aria-hidden=true], :disabled";
const faint = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
  if (!text || !element || element.closest(apart) || !element.getClientRects().length) continue;
  const style = getComputedStyle(element), below = ground(element), own = colour(style.color);
  let opacity = style.visibility === "hidden" ? 0 : own[3];
  for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
  if (!opacity) continue;
  const [a, b] = [over([...own.slice(0, 3), opacity], below), below].map(luminance);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5) - 0.005) faint.push(`${ratio.toFixed(2)} ${element.className} ${text.slice(0, 60)}`);
}
return faint;
