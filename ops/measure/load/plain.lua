-- The path on the command line, again and again.

dofile("number.lua")
