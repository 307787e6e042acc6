window.lazy = "a lazy chunk";
