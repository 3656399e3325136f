// Pickers in any form: of photos (files, ZIPs, and photos that are there, each with a room), and of
// a model with a profile of it. A picker tells its form by `restage:picked` that something changed.
(() => {
  const END_OF_DIRECTORY = 0x06054b50;
  const LONGEST_DIRECTORY = 2 ** 20;
  // Of a ZIP in the form of large ones (ZIP64), two records stand between the directory and its
  // end, and the first of them says the size.
  const LARGE_END = 0x06064b50;
  const LARGE_RECORDS = 76;

  // The end of a ZIP, which holds its directory, for Restage to read; empty where there is none.
  const endOfZip = async (file) => {
    const tail = new DataView(await file.slice(-65557).arrayBuffer());
    let end = tail.byteLength - 22;
    while (end >= 0 && tail.getUint32(end, true) !== END_OF_DIRECTORY) end -= 1;
    if (end < 0) return new Blob();
    const large = end - LARGE_RECORDS;
    const isLarge = large >= 0 && tail.getUint32(large, true) === LARGE_END;
    const size = isLarge ? Number(tail.getBigUint64(large + 40, true)) : tail.getUint32(end + 12, true);
    if (size > LONGEST_DIRECTORY) return new Blob();
    const start = file.size - tail.byteLength + end - size - LARGE_RECORDS;
    return file.slice(Math.max(0, start));
  };

  const inWords = (bytes) =>
    bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;

  // Small pictures of the chosen files, one after the other: decoding takes much memory.
  let drawing = Promise.resolve();
  // What every browser can draw; HEIC, AVIF and TIFF, which some cannot, are left to the server.
  const DRAWABLE = ["image/jpeg", "image/png", "image/webp"];
  const draw = (file, place, refused) => {
    drawing = drawing.then(async () => {
      if (!place.isConnected) return;
      try {
        const picture = await createImageBitmap(file, { resizeWidth: 144, resizeQuality: "medium" });
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext("2d").drawImage(picture, 0, 0);
        picture.close();
        place.replaceChildren(canvas);
      } catch {
        if (DRAWABLE.includes(file.type) && place.isConnected) refused();
      }
    });
  };

  for (const picker of document.querySelectorAll("[data-photo-picker]")) {
    const input = picker.querySelector("input[type=file]");
    const list = picker.querySelector("[data-chosen]");
    const told = picker.querySelector("[data-chosen-told]");
    const template = picker.querySelector("[data-row]");
    const { mostPhotos, mostBytes } = picker.dataset;
    // Keeps Unfold from writing a file's name into the field beside its own widget, which is not here.
    input.hasChangeListener = true;
    // Each chosen file's row; of a ZIP, once it is read, with its directory and with how many photos
    // Restage found in it.
    const rows = new Map();
    const countOf = ({ isUnreadable, isZip, photos }) => (isUnreadable ? 0 : isZip ? photos ?? 0 : 1);

    const tell = () => {
      const bytes = [...rows.keys()].reduce((sum, file) => sum + file.size, 0);
      const files = [...rows.values()].reduce((sum, row) => sum + countOf(row), 0);
      const unreadable = [...rows.values()].filter((row) => row.isUnreadable).length;
      const count = files + list.querySelectorAll("[data-stored]").length;
      const size = bytes ? `${inWords(bytes)} to send` : "";
      told.textContent = count || size ? `${[count ? `${count} chosen` : "", size].filter(Boolean).join(", ")}.` : "";
      if (unreadable) told.textContent += ` ${unreadable} cannot be read, and ${unreadable === 1 ? "is" : "are"} not counted.`;
      // What cannot be read is sent as well, unless it is taken off.
      const sent = count + unreadable;
      input.setCustomValidity(
        sent > mostPhotos ? `These are ${sent} photos: choose at most ${mostPhotos}.`
          : bytes > mostBytes ? `These are ${inWords(bytes)}: choose at most ${inWords(mostBytes)}.` : ""
      );
    };

    const changed = () => {
      const kept = new DataTransfer();
      for (const file of rows.keys()) kept.items.add(file);
      input.files = kept.files;
      tell();
      picker.dispatchEvent(new Event("restage:picked", { bubbles: true }));
    };

    const newRow = ({ name, more, room }) => {
      const row = template.content.cloneNode(true).firstElementChild;
      row.querySelector(".restage-chosen-name").append(name, Object.assign(document.createElement("small"), { textContent: more }));
      row.querySelector("select").setAttribute("aria-label", `Room of ${name}`);
      row.querySelector("select").name = room;
      row.querySelector("[data-remove]").setAttribute("aria-label", `Take ${name} off`);
      return row;
    };

    // Says at a file that it is no photo; a draft does not count it.
    const refuse = (file) => {
      const row = rows.get(file);
      if (!row) return;
      row.isUnreadable = true;
      row.element.querySelector(".restage-chosen-name").append(Object.assign(document.createElement("small"), {
        className: "restage-unreadable", textContent: "This file cannot be read as a photo.",
      }));
      changed();
    };

    const add = async (files) => {
      const known = new Set([...rows.keys()].map(({ name, size, lastModified }) => `${name} ${size} ${lastModified}`));
      const zips = [];
      for (const file of files) {
        if (known.has(`${file.name} ${file.size} ${file.lastModified}`)) continue;
        const element = newRow({ name: file.name, more: inWords(file.size), room: "file_room" });
        rows.set(file, { element });
        list.append(element);
        if (file.name.toLowerCase().endsWith(".zip")) {
          element.querySelector(".restage-chosen-picture").textContent = "ZIP";
          rows.get(file).isZip = true;
          zips.push(file);
        } else draw(file, element.querySelector(".restage-chosen-picture"), () => refuse(file));
      }
      // What is chosen is there at once, however long it takes to read the ZIPs.
      changed();
      if (!zips.length) return;
      for (const file of zips) {
        const directory = await endOfZip(file).catch(() => new Blob());
        // It may have been taken off meanwhile.
        if (rows.has(file)) rows.get(file).directory = directory;
      }
      changed();
    };

    input.addEventListener("change", () => add([...input.files]));
    list.addEventListener("click", ({ target }) => {
      const row = target.closest("[data-remove]")?.closest("li");
      if (!row) return;
      for (const [file, { element }] of rows) if (element === row) rows.delete(file);
      const box = picker.querySelector(`[data-stored-list] [value="${row.dataset.stored}"]`);
      if (box) box.checked = false;
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("[data-remove]") ?? input).focus();
      changed();
    });
    for (const kind of ["dragover", "drop"]) {
      picker.addEventListener(kind, (event) => {
        if (![...event.dataTransfer.types].includes("Files")) return;
        event.preventDefault();
        if (kind === "drop") add([...event.dataTransfer.files]);
      });
    }

    // Photos that are there: asked for when the part is opened, and when the search changes.
    const stored = picker.querySelector("[data-stored-photos]");
    if (stored) {
      const found = stored.querySelector("[data-stored-list]");
      const search = stored.querySelector("[type=search]");
      const project = picker.closest("form").elements.project;
      let asked = 0;
      const look = async (page = 1) => {
        const mine = (asked += 1);
        const query = new URLSearchParams({ q: search.value, project: project?.value ?? "", page });
        let answer = null;
        try {
          answer = await restageSession.send(`${stored.dataset.storedPhotos}?${query}`, { headers: { "X-Restage": "fragment" } });
        } catch {
          // The page says why.
        }
        if (mine !== asked) return;
        if (!answer?.ok) {
          found.textContent = "The photos cannot be shown.";
          return;
        }
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        found.replaceChildren(...part.body.childNodes);
        for (const box of found.querySelectorAll("[type=checkbox]")) {
          box.checked = list.querySelector(`[data-stored="${box.value}"]`) !== null;
        }
      };
      let waiting = 0;
      stored.addEventListener("toggle", () => stored.open && look());
      search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 250); });
      search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
      document.addEventListener("restage:session", () => stored.open && look());
      picker.closest("form").addEventListener("restage:project", () => stored.open && look());
      found.addEventListener("click", ({ target }) => target.dataset.page && look(target.dataset.page));
      found.addEventListener("change", ({ target: box }) => {
        if (!box.checked) list.querySelector(`[data-stored="${box.value}"]`)?.remove();
        else {
          const row = newRow({ name: box.dataset.name, more: box.dataset.project, room: "photo_room" });
          row.dataset.stored = box.value;
          const picture = Object.assign(document.createElement("img"), { src: box.dataset.picture, alt: "" });
          row.querySelector(".restage-chosen-picture").replaceWith(picture);
          row.append(Object.assign(document.createElement("input"), { type: "hidden", name: "photo", value: box.value }));
          list.prepend(row);
        }
        changed();
      });
    }

    // What a draft says of the files, which it does not send.
    picker.describe = (said) => {
      for (const [file, { element, isZip, directory, isUnreadable }] of rows) {
        const room = element.querySelector("select").value;
        if (directory) {
          said.append("directory", directory, file.name);
          said.append("archive_room", room);
        } else if (!isZip && !isUnreadable) {
          said.append("file_name", file.name);
          said.append("file_size", file.size);
          said.append("file_room", room);
        }
      }
      return said;
    };
    // What Restage found in the ZIPs, in the order in which `describe` named them.
    picker.tellOfZips = (found) => {
      const zips = [...rows].filter(([, row]) => row.directory);
      if (found.length !== zips.length) return;
      zips.forEach(([file, row], at) => {
        row.photos = found[at].photos;
        row.element.querySelector("small").textContent = `${found[at].words}, ${inWords(file.size)}`;
      });
      tell();
    };
    picker.count = () => rows.size + list.querySelectorAll("[data-stored]").length;

    // A browser that comes back to a page fills the input again.
    const takeOver = () => (input.files.length > rows.size ? add([...input.files]) : changed());
    addEventListener("pageshow", takeOver);
  }

  for (const picker of document.querySelectorAll("[data-model-picker]")) {
    const [model, profile] = ["model", "profile"].map((name) => picker.querySelector(`[name=${name}]`));
    const [unnamedModel, unnamedProfile] = [model.options[0], profile.options[0]];
    const words = [unnamedModel.textContent, unnamedProfile.textContent];
    const groups = [...profile.querySelectorAll("optgroup")];
    const slugOf = (group) => group.querySelector("option").value.split(":")[0];

    // Only the profiles of one model are offered: of the chosen one, or of the one that is used.
    const narrow = (used) => {
      const slug = model.value || used;
      const chosen = profile.value;
      profile.replaceChildren(unnamedProfile, ...groups.filter((group) => slugOf(group) === slug));
      profile.value = [...profile.options].some((option) => option.value === chosen) ? chosen : "";
      return profile.value !== chosen;
    };

    // `uses` are the models and profiles that the form uses as it stands.
    picker.show = (uses) => {
      const [one, ...more] = uses;
      const models = new Set(uses.map((use) => use.slug));
      if (one && !model.value && models.size === 1) unnamedModel.textContent = `As it is set: ${one.label}`;
      else if (!model.value) unnamedModel.textContent = words[0];
      if (one && !profile.value) unnamedProfile.textContent = more.length ? words[1] : `As it is set: ${one.profile}`;
      narrow(one?.slug ?? "");
    };
    model.addEventListener("change", () => {
      narrow("");
      picker.dispatchEvent(new Event("restage:picked", { bubbles: true }));
    });
    if (model.value) narrow("");
  }
})();
