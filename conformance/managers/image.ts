/** The image that all managers are given: busybox, packed on the spot as one archive that is both OCI's layout and Docker's. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { command } from "./command.ts";

/** Its name in every manager's store; nobody asks a registry for it. */
export const IMAGE = "docker.io/library/box:1";

const ARCHITECTURE: Record<string, string> = { x64: "amd64", arm64: "arm64" };

interface Blob {
  digest: string;
  size: number;
}

/** A second name, of an image that does nothing but wait: what holds a pod's namespaces. */
export const PAUSE_IMAGE = "docker.io/library/pause:1";

/** Packs an image into `folder`/image.tar and returns that path. @throws Error when tar fails. */
export async function packImage(folder: string, name: string = IMAGE): Promise<string> {
  const layout = join(folder, "image");
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  const put = (content: Buffer): Blob => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(layout, "blobs/sha256", hex), content);
    return { digest: `sha256:${hex}`, size: content.length };
  };
  const putJson = (value: unknown): Blob => put(Buffer.from(JSON.stringify(value)));
  const layer = put(await packRoot(folder));
  const config = putJson({
    architecture: ARCHITECTURE[process.arch] ?? process.arch,
    os: "linux",
    config: {
      Env: ["PATH=/bin", "FROM_IMAGE=yes"],
      Cmd: name === PAUSE_IMAGE ? ["sleep", "100000"] : ["sh"],
      WorkingDir: "/",
    },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
    history: [{ created_by: "conformance/managers/image.ts" }],
  });
  const manifest = putJson({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
  });
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "1" };
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: "application/vnd.oci.image.manifest.v1+json", ...manifest, annotations }],
  };
  const path = (blob: Blob): string => `blobs/sha256/${blob.digest.slice("sha256:".length)}`;
  const docker = [{ Config: path(config), RepoTags: [name], Layers: [path(layer)] }];
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(layout, "index.json"), JSON.stringify(index));
  writeFileSync(join(layout, "manifest.json"), JSON.stringify(docker));
  const archive = join(folder, "image.tar");
  await tar(["-C", layout, "-cf", archive, "."]);
  rmSync(layout, { recursive: true, force: true });
  return archive;
}

async function packRoot(folder: string): Promise<Buffer> {
  const archive = join(folder, "layer.tar");
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  await tar(["-C", resolve("bundles/.rootfs"), ...owner, "-cf", archive, "."]);
  const content = readFileSync(archive);
  rmSync(archive);
  return content;
}

async function tar(args: readonly string[]): Promise<void> {
  const { status, stderr } = await command("/bin/tar", args);
  if (status !== 0) throw new Error(`tar: ${stderr}`);
}
