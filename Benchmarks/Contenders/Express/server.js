// GET /job-list in Express and jose, a process for each core.
"use strict";
const cluster = require("node:cluster");
const fs = require("node:fs");
const os = require("node:os");

if (cluster.isPrimary) {
  for (const _ of os.cpus()) cluster.fork();
} else {
  const express = require("express");
  const { jwtVerify } = require("jose");
  const secret = new TextEncoder().encode(process.env.BENCH_SECRET);
  const jobs = JSON.parse(fs.readFileSync(process.env.BENCH_JOBS));

  const app = express();
  app.get("/job-list", async (request, response) => {
    try {
      const token = (request.get("Authorization") ?? "").replace(/^Bearer /, "");
      const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"] });
      response.json(jobs[payload.sub] ?? []);
    } catch {
      response.sendStatus(401);
    }
  });
  const server = app.listen(process.env.BENCH_SOCKET);
  // Longer than nginx keeps its end.
  server.keepAliveTimeout = 75_000;
}
