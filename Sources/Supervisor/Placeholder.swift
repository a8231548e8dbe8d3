// placeholder: removed with the first real file
