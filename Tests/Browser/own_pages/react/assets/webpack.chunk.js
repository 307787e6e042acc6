window.webpackChunk.push("a chunk of webpack");
