package main

// contractText is a contract of two operations. publishedText states the same facts with allOf and $ref, other names,
// another order, explicit defaults, prose, and parts that are broken but not compared.
const (
	contractText = `
openapi: 3.0.3
info: {title: Things, version: 0.1.0}
servers:
  - url: https://things.example
security:
  - OAuth2: []
paths:
  /things/{id}:
    put:
      operationId: ChangeThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: size, in: query, schema: {type: integer, format: int32, minimum: 1, maximum: 200}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/ChangeRequest'}
      responses:
        '200': {description: The thing., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Error'}
  /things:
    get:
      operationId: Things
      responses:
        '200':
          description: All things.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}}}
components:
  securitySchemes:
    OAuth2: {type: oauth2, flows: {clientCredentials: {tokenUrl: /oauth/token, scopes: {read: Reading}}}}
  responses:
    Error: {description: No., content: {application/json: {schema: {type: object, properties: {message: {type: string}}}}}}
  schemas:
    ChangeRequest:
      type: object
      required: [name, colors]
      properties:
        version: {type: integer, format: int64}
        name: {type: string, minLength: 1, maxLength: 100}
        colors: {type: array, minItems: 1, items: {type: string, enum: [RED, BLUE]}}
        draft: {type: boolean, default: true}
    Thing:
      type: object
      required: [id]
      properties:
        id: {type: string, readOnly: true}
        version: {type: integer, format: int64}
        name: {type: string, nullable: true, example: Lamp}
        parts: {type: array, items: {$ref: '#/components/schemas/Thing'}}
        labels: {type: object, additionalProperties: {type: string}}
`
	publishedText = `
openapi: 3.0.1
info: {title: Many things, version: 9.0.0, description: "Other prose."}
servers: [{url: https://things.example, description: In use.}]
components:
  schemas:
    Broken: {allOf: [5, {$ref: '#/nowhere'}]}
    Size: {type: integer, format: int32, maximum: 200, minimum: 1}
    Color: {type: string, enum: [BLUE, RED], title: A colour}
    Versioned: {type: object, properties: {version: {format: int64, type: integer}}}
    Change:
      type: object
      allOf:
        - $ref: '#/components/schemas/Versioned'
        - required: [name]
          properties:
            name: {type: string, maxLength: 100, minLength: 1, description: A name.}
            draft: {type: boolean, default: true}
        - required: [colors]
          properties:
            colors: {type: array, uniqueItems: false, minItems: 1, items: {$ref: '#/components/schemas/Color'}}
    Answer:
      allOf:
        - $ref: '#/components/schemas/Versioned'
        - type: object
          required: [id]
          properties:
            parts: {type: array, items: {$ref: '#/components/schemas/Answer'}}
            labels: {type: object, additionalProperties: {type: string}}
            name: {type: string, nullable: true, deprecated: false, example: Chair}
            id: {type: string, readOnly: true}
  parameters:
    ID: {name: thingId, in: path, required: true, style: simple, explode: false, schema: {type: string}}
  requestBodies:
    Change: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Change'}}}}
  securitySchemes:
    Other: {type: http, scheme: bearer}
    Clients: {type: oauth2, flows: {clientCredentials: {tokenUrl: /oauth/token, scopes: {read: To read}}}}
paths:
  /others:
    get: {parameters: none, responses: {'200': {$ref: '#/components/responses/Missing'}}}
  /things:
    post: {operationId: CreateThing, responses: {}}
    get:
      tags: [Thing]
      operationId: Things
      responses:
        200:
          description: Everything.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Answer'}}}}
  /things/{thingId}:
    parameters:
      - {name: size, in: query, required: false, style: form, explode: true, schema: {$ref: '#/components/schemas/Size'}}
      - $ref: '#/components/parameters/ID'
    put:
      summary: Change a thing
      operationId: ChangeThing
      x-internal: true
      requestBody: {$ref: '#/components/requestBodies/Change'}
      responses:
        200: {content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}
        4XX:
          content: {application/json: {schema: {properties: {message: {type: string}}, type: object}}}
security:
  - Clients: []
`
)
