export const words = "a chunk";
